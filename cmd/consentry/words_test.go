package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

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
}

// TestNoReportClaims judges and shows every kind of forged file, in every form, and reads what comes out.
func TestNoReportClaims(t *testing.T) {
	dir := t.TempDir()
	for kind, file := range forged {
		name := filepath.Join(dir, kind+".mp4")
		if err := os.WriteFile(name, file(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"verify", "--frames", "off", name},
			{"verify", "--frames", "off", "--profile", "ci", "--format", "json", name},
			{"verify", "--frames", "off", "--format", "crjson", name},
			{"inspect", name},
		} {
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
