package manifest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

type corpusCodes struct {
	Exactly     []string `json:"exactly"`
	Contains    []string `json:"contains"`
	ContainsAny []string `json:"containsAny"`
	Excludes    []string `json:"excludes"`
}

type corpusExpect struct {
	Store     string         `json:"store"`
	State     string         `json:"state"`
	Reject    bool           `json:"reject"`
	Remote    string         `json:"remote"`
	AnyOf     []corpusExpect `json:"anyOf"`
	Manifests []struct {
		Success       corpusCodes `json:"success"`
		Informational corpusCodes `json:"informational"`
		Failure       corpusCodes `json:"failure"`
	} `json:"manifests"`
}

type corpusCase struct {
	ID        string       `json:"id"`
	Asset     string       `json:"asset"`
	Manifest  string       `json:"manifest"`
	Fragments []string     `json:"fragments"`
	Stage     int          `json:"stage"`
	Expect    corpusExpect `json:"expect"`
}

// TestBindingOfFilesByOthers runs the place of the store and the hard binding over files that other implementations
// wrote and broke, and compares the codes of these two steps alone.
func TestBindingOfFilesByOthers(t *testing.T) {
	for _, set := range []string{"made-video", "real-video"} {
		var cases []corpusCase
		corpustest.Cases(t, set, &cases)
		if len(cases) == 0 {
			t.Fatal("no cases")
		}
		judged := 0
		for _, c := range cases {
			t.Run(set+"/"+c.ID, func(t *testing.T) {
				if bindingCase(t, filepath.Join(corpustest.Dir(t), set), c) {
					judged++
				}
			})
		}
		t.Logf("%s: %d of %d cases have a BMFF hash in their active manifest", set, judged, len(cases))
	}
}

func open(t *testing.T, path string) ([]byte, *bytes.Reader) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, bytes.NewReader(b)
}

func bindingCase(t *testing.T, dir string, c corpusCase) bool {
	data, r := open(t, filepath.Join(dir, c.Asset))
	l, err := Locate(context.Background(), r, int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	alternatives := c.Expect.AnyOf
	if alternatives == nil {
		alternatives = []corpusExpect{c.Expect}
	}
	if c.Expect.Remote != "" && l.Remote != c.Expect.Remote {
		t.Errorf("remote %q, expected %q", l.Remote, c.Expect.Remote)
	}
	store := "absent"
	switch {
	case l.NotSupported != "":
		return false
	case l.Malformed:
		store = "malformed"
	case l.Store != nil:
		store = "present"
	}
	bytesOfStore := l.Store
	if c.Manifest != "" {
		bytesOfStore, _ = open(t, filepath.Join(dir, c.Manifest))
	}
	if bytesOfStore == nil {
		for _, e := range alternatives {
			if e.Store == store || e.Store == "" || e.Reject && (l.Multiple || l.Malformed || report.Has(l.Findings, "asset.malformed")) {
				return false
			}
		}
		t.Errorf("store %s, findings %v", store, l.Findings)
		return false
	}
	label, payload, alg, spec := activeBinding(bytesOfStore, l.Update)
	if payload == nil {
		return false
	}
	content := &Content{Data: r, Size: int64(len(data)), Located: l, Detached: c.Manifest != ""}
	for _, f := range c.Fragments {
		b, fr := open(t, filepath.Join(dir, f))
		content.Parts = append(content.Parts, Part{Name: filepath.Base(f), Data: fr, Size: int64(len(b))})
	}
	b, err := checkBMFF(context.Background(), content, label, "self#jumbf=x", payload, alg, spec)
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for _, e := range alternatives {
		// Files of many origins in the other set expect the code for the optional /free and /skip too.
		bad := bindingComplaints(e, b, filepath.Base(dir) == "made-video")
		if len(bad) == 0 {
			t.Logf("%s %v %s", b.State, texts(b.Findings), b.Notes)
			return true
		}
		if first == nil {
			first = bad
		}
	}
	t.Errorf("%s; state %s, findings %v, notes %v", strings.Join(first, "; "), b.State, texts(b.Findings), b.Notes)
	return true
}

func texts(list []report.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Code+": "+f.Explanation)
	}
	return out
}

// bindingComplaints compares the codes that a binding can give.
func bindingComplaints(e corpusExpect, b *Binding, informational bool) []string {
	var bad []string
	if len(e.Manifests) == 0 {
		return nil
	}
	mine := func(code string) bool { return strings.HasPrefix(code, "assertion.bmffHash.") }
	compare := func(what string, outcome report.Outcome, want corpusCodes) {
		var got []string
		for _, f := range b.Findings {
			if f.Outcome == outcome && mine(f.Code) {
				got = append(got, f.Code)
			}
		}
		for _, w := range want.Contains {
			if mine(w) && !slices.Contains(got, w) {
				bad = append(bad, what+": missing "+w)
			}
		}
		if want.Exactly != nil {
			for _, w := range want.Exactly {
				if mine(w) && !slices.Contains(got, w) {
					bad = append(bad, what+": missing "+w)
				}
			}
			for _, g := range got {
				if !slices.Contains(want.Exactly, g) {
					bad = append(bad, what+": extra "+g)
				}
			}
		}
		for _, x := range want.Excludes {
			if slices.Contains(got, x) {
				bad = append(bad, what+": must not have "+x)
			}
		}
		if any := slices.IndexFunc(want.ContainsAny, mine) >= 0; any && !slices.ContainsFunc(want.ContainsAny, func(w string) bool { return slices.Contains(got, w) || !mine(w) }) {
			bad = append(bad, what+": none of "+strings.Join(want.ContainsAny, ", "))
		}
	}
	compare("success", report.Success, e.Manifests[0].Success)
	if informational {
		compare("informational", report.Informational, e.Manifests[0].Informational)
	}
	compare("failure", report.Failure, e.Manifests[0].Failure)
	return bad
}

// activeBinding gives the BMFF hash of the active manifest, or of the one that an update manifest updates.
func activeBinding(store, update []byte) (label string, payload []byte, alg, spec string) {
	s, err := Parse(store, update, Limits{})
	if err != nil {
		return "", nil, "", ""
	}
	for i := len(s.Manifests) - 1; i >= 0; i-- {
		m := s.Manifests[i]
		if m.Type == Update || m.Inner == nil {
			continue
		}
		for _, as := range m.child(typeAssertions) {
			for _, a := range as.Children {
				if strings.HasPrefix(a.Label(), "c2pa.hash.bmff.v") && a.Content("cbor") != nil {
					label, payload = a.Label(), a.Content("cbor").Payload()
				}
			}
		}
		for _, cl := range m.child(typeClaim) {
			alg, spec = claimHead(cl)
		}
		return label, payload, alg, spec
	}
	return "", nil, "", ""
}

func claimHead(b *jumbf.Box) (alg, spec string) {
	c := b.Content("cbor")
	if c == nil {
		return "", ""
	}
	v, err := cbortree.Parse(c.Payload())
	if err != nil {
		return "", ""
	}
	return v.Get("alg").Str(), v.Get("claim_generator_info").Get("specVersion").Str()
}
