package interop_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/interop"
)

var update = flag.Bool("update", false, "write the measured table into docs/comparison.md")

const comparison = "../../docs/comparison.md"

// TestComparisonIsMeasured makes the files of docs/comparison.md, asks both implementations, and holds the table
// against their answers.
func TestComparisonIsMeasured(t *testing.T) {
	var files []interop.File
	var rows []string
	for _, k := range interop.Kinds() {
		b := k.Make()
		state, format, failures := ours(t, b, interop.Roots())
		files = append(files, write(t, t.TempDir(), b, format, interop.Roots()))
		if state == "trusted" {
			t.Errorf("%s: trusted", k.Name)
		}
		failures = without(failures, "consent.assertion.missing")
		if len(failures) == 0 {
			t.Errorf("%s: %s, and no failure says why", k.Name, state)
		}
		rows = append(rows, fmt.Sprintf("| `%s`: %s | %s | %s: `%s` |", k.Name, k.What, k.Clause, state, strings.Join(failures, "`, `")))
	}
	who, answers := interop.Ask(t, files)
	var table bytes.Buffer
	fmt.Fprintf(&table, "| file | clause | consentry says | %s says |\n|---|---|---|---|\n", who)
	for i, a := range answers {
		if a.State != "Trusted" {
			t.Errorf("%s: the other implementation says %s now: the row says nothing any more", interop.Kinds()[i].Name, a.Word())
		}
		fmt.Fprintf(&table, "%s %s |\n", rows[i], a.Word())
	}
	doc, err := os.ReadFile(comparison)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- measured -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(doc), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", comparison)
	}
	if *update {
		if err := os.WriteFile(comparison, []byte(head+begin+table.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table.String() {
		t.Errorf("%s says\n%s\nand measured was\n%s", comparison, old, table.String())
	}
}

func without(list []string, drop string) (out []string) {
	for _, s := range list {
		if s != drop {
			out = append(out, s)
		}
	}
	return out
}
