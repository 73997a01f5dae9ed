package main

import (
	"fmt"
	"io"
	"os"

	"github.com/consentry/consentry/internal/render"
)

// say writes one line for people: kind is error, warning or hint. The text may hold names from files and from the
// command line, so it is made safe for a terminal here and nowhere else.
func (p *program) say(kind, text string) {
	fmt.Fprintf(p.stderr, "consentry: %s: %s\n", kind, render.Safe(text))
}

func (p *program) warnf(format string, args ...any) { p.say("warning", fmt.Sprintf(format, args...)) }

func (p *program) hintf(format string, args ...any) { p.say("hint", fmt.Sprintf(format, args...)) }

// colour reports whether w is a terminal that wants colour (https://no-color.org).
func colour(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && terminal(w)
}

// terminal reports whether w is a character device.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
