package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/fingerprint/store"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

// claims are what no output may say: that a declaration is true, that somebody consented in fact, or that a picture shows
// what happened. A report says what was declared, verified against whom, for what.
var claims = regexp.MustCompile(`(?i)\bconsent(s|ed)?\s+(was|were|is|has been|have been)?\s*(given|obtained|proven|proved|confirmed)\b` +
	`|\b(gave|given|giving|gives|has given) (his|her|its|their )?consent\b|\bhas consented\b|\bfully consented\b` +
	`|\bauthentic(ity|ated|ally)?\b|\bgenuine\b|\breal (video|footage|picture|recording|clip)\b|\b(is|are|was) (real|untampered|trustworthy)\b`)

// claim finds a claim in a text. The rendering "authentic" is a word of the format (consent format 1, 2): alone or in
// quotation marks it claims nothing.
func claim(text string) string {
	if text == "authentic" {
		return ""
	}
	return claims.FindString(strings.ReplaceAll(text, `"authentic"`, ""))
}

// TestNoOutputClaims walks every string of the product, the help pages, and the explanation of every code.
func TestNoOutputClaims(t *testing.T) {
	literals := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if n := d.Name(); n == "testdata" || n == "forge" || n == "build" && filepath.Dir(path) == "../.." || strings.HasPrefix(n, ".") && n != ".." {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			literals++
			text, err := strconv.Unquote(lit.Value)
			if err == nil && claim(text) != "" {
				t.Errorf("%s says %q", path, text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if literals < 5000 {
		t.Errorf("only %d strings were looked at", literals)
	}
	said := func(args ...string) {
		var out, talk bytes.Buffer
		run(context.Background(), args, strings.NewReader(""), &out, &talk)
		if m := claim(out.String() + talk.String()); m != "" {
			t.Errorf("consentry %s says %q", strings.Join(args, " "), m)
		}
	}
	var walk func(path []string, list []*cli.Command)
	walk = func(path []string, list []*cli.Command) {
		for _, c := range list {
			at := append(path[:len(path):len(path)], c.Name)
			said(append([]string{"help"}, at...)...)
			walk(at, c.Subcommands)
		}
	}
	walk(nil, (&program{stdin: strings.NewReader("")}).commands())
	for _, c := range report.Codes() {
		said("explain", c.Code)
	}
	for _, e := range render.Glossary() {
		said("explain", e.Name)
	}
}

// TestNoPageClaims reads what is written for those who use the product. The pages of decisions quote others.
func TestNoPageClaims(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/guides/*.md", "../../docs/schemas/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, names...)
	}
	if len(pages) < 25 {
		t.Fatalf("only %q", pages)
	}
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := claim(line); m != "" {
				t.Errorf("%s:%d says %q", name, i+1, m)
			}
		}
	}
}

// TestNoReportClaims judges and shows every kind of forged file, in every form, and reads what comes out.
func TestNoReportClaims(t *testing.T) {
	dir := t.TempDir()
	files, looked := maps.Clone(forged), false
	files["named"] = named
	for kind, file := range files {
		name := filepath.Join(dir, kind+".mp4")
		if err := os.WriteFile(name, file(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"verify", "--frames", "off", name},
			{"verify", "--frames", "off", "--profile", "ci", "--format", "json", name},
			{"verify", "--frames", "off", "--format", "crjson", name},
			{"verify", "--frames", "off", "--strict", "--format", "ndjson", name, name},
			{"verify", "--redact-names", "--frames", "off", name},
			{"verify", "--redact-names", "--frames", "off", "--format", "ndjson", name},
			{"inspect", name},
			{"inspect", "--redact-names", "--hash", "--format", "json", name},
			{"persons", name},
		} {
			if raced && looked && args[0] == "persons" {
				continue // all kinds have the same pictures: one look at them will do
			}
			looked = looked || args[0] == "persons"
			var out, talk bytes.Buffer
			run(context.Background(), args, strings.NewReader(""), &out, &talk)
			if out.Len()+talk.Len() == 0 {
				t.Errorf("%q says nothing", args)
			}
			if m := claim(out.String() + talk.String()); m != "" {
				t.Errorf("%s: %q says %q", kind, args[0], m)
			}
		}
	}
}

// TestNoSightClaims shows what a look at people found, and clips that look alike, in every form.
func TestNoSightClaims(t *testing.T) {
	who, why := "p1", "the stream breaks"
	sights := []*consentry.Sight{
		{Persons: report.Persons{Status: "not-analysed", Reason: &why}, NotChecked: []report.NotChecked{{What: "persons", Why: why}}},
		{Persons: report.Persons{Status: "analysed", FramesTotal: 2, FramesAnalysed: 2, MinFacePx: 40}},
		{Persons: report.Persons{
			Status: "partial", Reason: &why, Tracks: []report.PersonTrack{{ID: 1, Class: "confirmed", Person: &who}, {ID: 2, Class: "possible"}}, NotSeen: []string{who}, Undeclared: []int{2},
		}},
	}
	found := []*findings{{}, {Cut: true, Hits: []hit{{Strength: "weak", Parts: make([]part, maxParts+1), Clip: store.Clip{
		Manifest: store.Manifest{State: "trusted", Origin: "generated", People: []string{"p1 verified"}},
	}}}}}
	for _, form := range []string{"text", "json"} {
		for _, hide := range []bool{false, true} {
			var out bytes.Buffer
			for _, s := range sights {
				for _, declared := range []bool{false, true} {
					if err := (&personsOptions{format: form, redactNames: hide}).write(&out, s, declared); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, a := range found {
				if err := a.write(&out, form, hide); err != nil {
					t.Fatal(err)
				}
			}
			if m := claim(out.String()); m != "" {
				t.Errorf("%s says %q:\n%s", form, m, &out)
			}
		}
	}
}

// TestClaimsAreFound shows that the test of words can fail, and what it lets pass.
func TestClaimsAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		"consent given": true, "Consent was given by": true, "the person gave consent": true, "an authentic clip": true, "this is real": true, "real video": true, "authenticity score": true,
		"consent declared for this use was verified": false, "no verified consent": false, "a real person": false, "is really": false, "the depicted person has refused": false, "authentic": false, `the rendering "authentic"`: false,
	} {
		if (claim(text) != "") != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// TestTextsNameWhatAsksTheNetwork: every command with a flag for it stands where the promise does.
func TestTextsNameWhatAsksTheNetwork(t *testing.T) {
	together := map[string]string{"trust update --fetch": "trust update|diff --fetch", "trust diff --fetch": "trust update|diff --fetch"}
	var want []string
	var walk func(path string, list []*cli.Command)
	walk = func(path string, list []*cli.Command) {
		for _, c := range list {
			for _, f := range c.Flags {
				if name := f.Names()[0]; name == "fetch" || name == "tsa" {
					words := path + c.Name + " --" + name
					if one, ok := together[words]; ok {
						words = one
					}
					want = append(want, words)
				}
			}
			walk(path+c.Name+" ", c.Subcommands)
		}
	}
	walk("", (&program{stdin: strings.NewReader("")}).commands())
	if len(want) < 4 {
		t.Fatalf("only %q ask the network", want)
	}
	for file, mark := range map[string]string{"README.md": "`", "SECURITY.md": "`", "internal/fetch/fetch.go": ""} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range want {
			if !strings.Contains(string(text), mark+words+mark) {
				t.Errorf("%s does not name %s", file, words)
			}
		}
	}
}
