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
	if got := out.String(); !strings.Contains(got, `p.go:7:5: "n < 0" is never so: survives`) || strings.Contains(got, "n > 10") || !strings.Contains(got, "4 mutants, 3 killed, 1 survived, 0 not tried") {
		t.Errorf("%s", got)
	}
	if text, err := os.ReadFile("p/p.go"); err != nil || string(text) != sources["p/p.go"] {
		t.Error("the source was changed")
	}
}
