package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sources are a package with two checks, of which its tests watch over one.
var sources = map[string]string{
	"go.mod": "module example\n\ngo 1.26\n",
	"p/p.go": `package p

func Ok(n int) bool {
	if n > 10 {
		return false
	}
	if n < 0 {
		return false
	}
	return true
}
`,
	"p/p_test.go": `package p

import "testing"

func TestOk(t *testing.T) {
	if Ok(11) || !Ok(5) {
		t.Fail()
	}
	Ok(-1)
}
`,
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range sources {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	var out bytes.Buffer
	if err := run([]string{"p"}, &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, `p.go:7:5: "n < 0" is never so: survives`) || strings.Contains(got, "n > 10") || !strings.Contains(got, "4 mutants, 3 killed, 0 equivalent, 1 survived, 0 not tried") {
		t.Errorf("%s", got)
	}
	for name, c := range map[string]struct{ list, want string }{
		"a survivor that is listed": {"# why\n\np.go Ok \"n < 0\" is never so\n\tNobody asks.\n\tNever.\n", ""},
		"one that a test notices":   {"p.go Ok \"n > 10\" is never so\n\tNobody asks.\n", "are noticed"},
		"one that is not there":     {"p.go Ok \"n > 11\" is never so\n\tNobody asks.\n", "no such change"},
		"of a file that is gone":    {"q.go Ok \"n > 10\" is never so\n\tNobody asks.\n", "no such change"},
		"no reason":                 {"p.go Ok \"n < 0\" is never so\n", "no reason"},
		"no reason, and a space":    {"p.go Ok \"n < 0\" is never so\n\n\tNobody asks.\n", "no reason"},
		"a reason for nothing":      {"\tNobody asks.\n", "for nothing"},
		"listed twice":              {"p.go Ok \"n < 0\" is never so\np.go Ok \"n < 0\" is never so\n\tNobody asks.\n", "twice"},
	} {
		if err := os.WriteFile("list", []byte(c.list), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run([]string{"-equivalent", "list", "p"}, &out)
		if c.want == "" && (err != nil || !strings.Contains(out.String(), "p.go: 4 mutants, 3 killed, 1 equivalent, 0 survived, 0 not tried")) ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	if text, err := os.ReadFile("p/p.go"); err != nil || string(text) != sources["p/p.go"] {
		t.Error("the source was changed")
	}
}

// TestConsentList: the list of package consent names nothing that the package does not have, and gives a reason for all.
func TestConsentList(t *testing.T) {
	text, err := os.ReadFile("consent.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := readEquivalents(text)
	if err != nil {
		t.Fatal(err)
	}
	mutants, _, err := rewrite(&options{folder: "../../consent"}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := stale(list, mutants, nil); err != nil {
		t.Error(err)
	}
}
