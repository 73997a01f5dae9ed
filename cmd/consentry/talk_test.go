package main

import (
	"bytes"
	"os"
	"testing"
)

// TestColour: colour is for a terminal alone, and NO_COLOR and a dumb terminal switch it off. A character device
// stands in for the terminal.
func TestColour(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		if got := colour(device); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: %v", c.noColor, c.term, got)
		}
		if colour(file) || colour(&bytes.Buffer{}) {
			t.Error("colour in a file")
		}
	}
}

// TestSayIsSafe: what comes from a file or the command line reaches standard error spelled out, on one line.
func TestSayIsSafe(t *testing.T) {
	var talk bytes.Buffer
	p := &program{stderr: &talk}
	p.warnf("a\nb\x1b[31m\u202ec")
	if got, want := talk.String(), `consentry: warning: a\nb\x1b[31m\u202ec`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
