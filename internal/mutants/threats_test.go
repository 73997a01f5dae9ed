package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// attacked are the sources with a package beside them whose tests name threats: one is beaten by one check, one by two
// that stand behind each other.
var attacked = map[string]string{
	"p/double.go": `package p

func Positive(n int) bool {
	if n < 0 {
		return false
	}
	if n <= 0 {
		return false
	}
	return true
}
`,
	"q/q.go": "package q\n",
	"q/q_test.go": `package q

import (
	"testing"

	"example/p"
)

func TestThreats(t *testing.T) {
	t.Run("too-large", func(t *testing.T) {
		if p.Ok(11) {
			t.Fail()
		}
	})
	t.Run("below-zero", func(t *testing.T) {
		if p.Positive(-1) {
			t.Fail()
		}
	})
}
`,
}

func TestProve(t *testing.T) {
	dir := t.TempDir()
	all := maps.Clone(sources)
	maps.Copy(all, attacked)
	for name, text := range all {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	const large = "too-large\n\tp.go Ok \"n > 10\" is never so\n"
	const below = "below-zero\n\tdouble.go Positive \"n < 0\" is never so\n\t\tdouble.go Positive \"n <= 0\" is never so\n"
	for name, c := range map[string]struct{ list, want string }{
		"all are beaten":                   {"# why\n\n" + large + "\n" + below, ""},
		"one of two checks is enough":      {large + "below-zero\n\tdouble.go Positive \"n < 0\" is never so\n", "below-zero: passes all the same"},
		"a check of something else":        {below + "too-large\n\tp.go Ok \"n < 0\" is never so\n", "too-large: passes all the same"},
		"a test that is not on the list":   {large, "below-zero: is not on the list"},
		"a test that there is not":         {large + below + "lost\n\tp.go Ok \"n > 10\" is never so\n", "lost: there is no such test"},
		"a check that there is not":        {below + "too-large\n\tp.go Ok \"n > 11\" is never so\n", "no such change"},
		"a second check that there is not": {large + strings.Replace(below, "<= 0", "<= 1", 1), "no such change"},
		"a test without checks":            {large + "below-zero\n", "has no check"},
		"a test twice":                     {large + large, "twice"},
		"a check of no threat":             {"\tp.go Ok \"n > 10\" is never so\n", "of no threat"},
		"a second check without a first":   {"too-large\n\t\tp.go Ok \"n > 10\" is never so\n", "not beside one other"},
		"three checks at once":             {large + "\t\tp.go Ok \"n > 10\" is never so\n\t\tp.go Ok \"n > 10\" is never so\n", "not beside one other"},
	} {
		if err := os.WriteFile("list", []byte(c.list), 0o644); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run([]string{"-also", "q", "-threats", "list", "p"}, &out)
		if c.want == "" && (err != nil || !strings.Contains(out.String(), "2 threats, 2 checks")) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	if err := run([]string{"-threats", "list", "p"}, &bytes.Buffer{}); err == nil {
		t.Error("threats without the package that names them")
	}
}

// TestThreatList: the list of threats names only changes that package consent has.
func TestThreatList(t *testing.T) {
	text, err := os.ReadFile("threats.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := readThreats(text)
	if err != nil {
		t.Fatal(err)
	}
	mutants, _, err := rewrite(&options{folder: "../../consent"}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, m := range mutants {
		ids[m.name] = m.id
	}
	for _, threat := range list {
		for _, c := range threat.checks {
			if _, err := c.alive(ids); err != nil {
				t.Errorf("%s: %v", threat.name, err)
			}
		}
	}
}
