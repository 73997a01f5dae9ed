package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/report"
)

func TestFindCutsParts(t *testing.T) {
	for n, cut := range map[int]bool{maxParts: false, maxParts + 1: true} {
		a := &findings{Hits: []hit{{Strength: "match", Parts: make([]part, n)}}}
		var out bytes.Buffer
		if err := a.text(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "… and 1 more parts") != cut || strings.Count(out.String(), " is there from ") != maxParts {
			t.Errorf("%d parts:\n%s", n, out.String())
		}
	}
}

// What a manifest says goes to a terminal as text, whatever it holds.
func TestFindShowsWhatAFileSaysAsText(t *testing.T) {
	a := &findings{Hits: []hit{{Clip: store.Clip{
		Path:     "a\x1b[2J\u202emp4",
		Manifest: store.Manifest{State: "trusted", Signer: "\x1b]0;x\x07", Generator: "\u2066g", Label: "l\n", People: []string{"p\x1b[1m verified"}},
	}}}}
	var out bytes.Buffer
	if err := a.text(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e\u2066") {
		t.Errorf("%q", out.String())
	}
}

func TestKeptTexts(t *testing.T) {
	long := strings.Repeat("ä", maxKeptText)
	if got := kept(&long); len(got) > maxKeptText+3 || !strings.HasSuffix(got, "ä…") {
		t.Errorf("%d bytes", len(got))
	}
	short := long[:maxKeptText]
	if got := kept(&short); got != short {
		t.Errorf("%q", got)
	}
	r := &report.Report{People: make([]report.Person, maxKeptPeople+1)}
	if got := len(saidOf(r).People); got != maxKeptPeople {
		t.Errorf("%d people", got)
	}
}
