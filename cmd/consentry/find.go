package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

func (p *program) findCommand() *cli.Command {
	return &cli.Command{
		Name: "find", Usage: "Find which indexed clips a clip is a copy of", ArgsUsage: "FILE",
		Description: "Looks a clip up among those of \"index\": which of them it is a copy of, or a\n" +
			"part of, from when on, and what their manifests said. What is found looks alike;\n" +
			"nothing binds it. Exit code 0: found, 1: nothing found, 2: could not tell, also\n" +
			"where nothing was found and not everything was looked at.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "store", Usage: "`FILE` of the fingerprints; default in the user's state folder"},
			&cli.IntFlag{Name: "most", Value: 10, Usage: "`N` hits at the most; default 10"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORM`: text (default) or json"},
			&cli.StringFlag{Name: "o", Usage: "`FILE`: write the answer there"},
			redactFlag(),
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return &usageError{Text: fmt.Sprintf("find takes one file, not %d", c.NArg()), Hint: "consentry find copy.mp4"}
			}
			format := c.String("format")
			if format != "text" && format != "json" {
				return wordError("--format", format, []string{"text", "json"})
			}
			if c.Int("most") < 1 {
				return &usageError{Text: "--most has to be 1 or more"}
			}
			name, err := storeFile(c.String("store"))
			if err != nil {
				return err
			}
			return p.find(c.Context, findOptions{name, c.Args().First(), format, c.String("o"), c.Int("most"), c.Bool("redact-names")})
		},
	}
}

// lookAlike is what every answer says of its hits.
const lookAlike = "found by look-alike, not bound"

// findings is the answer of find. Members are added, never changed in meaning, within version 1.
type findings struct {
	Schema string   `json:"schema"`
	Clip   foundFor `json:"clip"`
	Store  struct {
		File    string `json:"file"`
		Clips   int    `json:"clips"`
		Windows int    `json:"windows"`
		Partly  int    `json:"partly"` // clips of which part has no fingerprint
	} `json:"store"`
	Label string `json:"label"` // of every hit
	Hits  []hit  `json:"hits"`
	Cut   bool   `json:"cut"`   // there may be more
	Ended bool   `json:"ended"` // a limit ended the search: asking for more hits finds no more
}

type foundFor struct {
	Name           string `json:"name"`
	Code           string `json:"code"`
	DurationMs     int64  `json:"durationMs"`
	LowInformation bool   `json:"lowInformation"`
	// NotChecked says why part of the clip was not looked at; empty: all of it was.
	NotChecked []string `json:"notChecked"`
}

type hit struct {
	store.Clip
	Strength string `json:"strength"` // match, weak
	Distance *int   `json:"distance"` // of the whole clips, in bits of 256; null: not compared
	Parts    []part `json:"parts"`
}

type part struct {
	StartMs  int64 `json:"startMs"` // in the clip that was looked up
	EndMs    int64 `json:"endMs"`
	AtMs     int64 `json:"atMs"` // where it begins in the indexed clip
	Distance int   `json:"distance"`
	Windows  int   `json:"windows"`
}

// findOptions is the command line of find, read.
type findOptions struct {
	store, clip, format, out string
	most                     int
	redactNames              bool
}

func (p *program) find(ctx context.Context, o findOptions) error {
	name, clip := o.store, o.clip
	s, closeStore, err := openStore(name)
	if err != nil {
		return err
	}
	defer closeStore()
	if s == nil {
		return &hintError{fmt.Errorf("there is no store %q", name), "make one with \"consentry index DIR\""}
	}
	v, err := newVerifier(&verifyOptions{frames: "all", prints: "on", noState: true, trustLists: []string{"none"}}, p.warnf)
	if err != nil {
		return err
	}
	of, prints, err := p.printsOf(ctx, v, clip, 0)
	if err != nil {
		return withName(clip, err)
	}
	out, err := p.openAnswer(o.out, []string{clip, name})
	if err != nil {
		return err
	}
	defer out.abandon()

	answer := &findings{Schema: "consentry.find/1", Label: lookAlike, Hits: []hit{}}
	answer.Clip = foundFor{Name: clip, Code: of.Code, DurationMs: of.DurationMs, LowInformation: prints.Low, NotChecked: append([]string{}, of.NotChecked...)}
	answer.Store.File, answer.Store.Clips, answer.Store.Windows = name, s.Len(), s.Windows()
	answer.Store.Partly = s.Partly()
	found := s.Find(prints, o.most)
	answer.Cut, answer.Ended = found.Cut, found.Ended
	for _, h := range found.Hits {
		row, err := hitOf(s, &h)
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		answer.Hits = append(answer.Hits, row)
	}
	if err := answer.write(out, o.format, o.redactNames); err != nil {
		return err
	}
	p.code = answer.exit()
	return out.commit()
}

// write writes the answer in a form, on demand without the names that manifests gave.
func (a *findings) write(w io.Writer, format string, redactNames bool) error {
	if redactNames {
		var people []string
		for i := range a.Hits {
			people = append(people, a.Hits[i].Manifest.People...)
		}
		bare := &findings{}
		if err := new(render.Names).Found(a, bare, people); err != nil {
			return err
		}
		a = bare
	}
	if format == "json" {
		return render.JSON(w, a)
	}
	return a.text(w)
}

// exit is 1 only where everything was looked at: a copy may lie in what was not.
func (a *findings) exit() int {
	switch {
	case len(a.Hits) > 0:
		return exitMeets
	case len(a.Clip.NotChecked) > 0 || a.Store.Partly > 0 || a.Ended:
		return exitUnknown
	}
	return exitNot
}

func hitOf(s *store.Store, h *store.Hit) (hit, error) {
	c, err := s.Clip(h.Clip)
	if err != nil {
		return hit{}, err
	}
	row := hit{Clip: *c, Strength: "match", Parts: []part{}}
	if h.Weak {
		row.Strength = "weak"
	}
	if h.Distance >= 0 {
		row.Distance = &h.Distance
	}
	for _, pt := range h.Parts {
		row.Parts = append(row.Parts, part{pt.Start.Milliseconds(), pt.End.Milliseconds(), pt.At.Milliseconds(), pt.Distance, pt.Windows})
	}
	return row, nil
}

// maxParts bounds the parts of a hit in the text.
const maxParts = 10

// text writes the answer for people.
func (a *findings) text(w io.Writer) error {
	t := &lines{w: w}
	switch n := len(a.Hits); {
	case n == 0:
		t.f("%s: nothing found among %s\n", render.Clip(a.Clip.Name), report.Count(a.Store.Clips, "clip"))
	case n == 1:
		t.f("%s: 1 clip of %d, %s\n", render.Clip(a.Clip.Name), a.Store.Clips, a.Label)
	default:
		t.f("%s: %d clips of %d, %s\n", render.Clip(a.Clip.Name), n, a.Store.Clips, a.Label)
	}
	if a.Clip.LowInformation {
		t.f("  hardly anything in this clip differs: its fingerprint says little\n")
	}
	for _, why := range a.Clip.NotChecked {
		t.f("  part of this clip was not looked at: %s\n", render.Clip(why))
	}
	if n := a.Store.Partly; n > 0 {
		t.f("  of %d of the indexed clips only a part has a fingerprint\n", n)
	}
	for i := range a.Hits {
		a.Hits[i].text(t)
	}
	switch {
	case a.Ended:
		t.f("\nThere may be more: so much looks alike that the search ended before it was through.\n")
	case a.Cut:
		t.f("\nThere may be more: ask for them with --most.\n")
	}
	return t.err
}

func (h *hit) text(t *lines) {
	t.f("\n  %-6s %s", h.Strength, render.Clip(h.Path))
	if h.Distance != nil {
		t.f(", the whole clips differ in %d of 256 bits", *h.Distance)
	}
	t.f("\n")
	for _, pt := range h.Parts[:min(len(h.Parts), maxParts)] {
		t.f("         %s to %s is there from %s on, up to %d of 256 bits differ\n", stamp(pt.StartMs), stamp(pt.EndMs), stamp(pt.AtMs), pt.Distance)
	}
	if n := len(h.Parts) - maxParts; n > 0 {
		t.f("         … and %s\n", report.Count(n, "more part"))
	}
	m := &h.Manifest
	said := "no manifest"
	if m.State != "" && m.State != "absent" {
		said = fmt.Sprintf("a manifest that was %s, origin %s", m.State, m.Origin)
		for _, more := range [][2]string{{"signer", m.Signer}, {"generator", m.Generator}, {"label", m.Label}} {
			if more[1] != "" {
				said += ", " + more[0] + " " + render.Clip(more[1])
			}
		}
	}
	t.f("         had %s on %s\n", said, h.Indexed.UTC().Format(time.DateOnly))
	for _, person := range m.People {
		t.f("         person %s\n", render.Clip(person))
	}
}

// stamp is a time as people read it.
func stamp(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms/100%10)
}

// lines writes until the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) f(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format, args...)
	}
}
