package render

import (
	"fmt"
	"strings"

	"github.com/consentry/consentry/report"
)

// fragments names the files of a set that are not as signed, or not there, and says how many are.
func (t *text) fragments() {
	list := t.r.Provenance.Integrity.Fragments
	if len(list) == 0 {
		return
	}
	var bad []report.Fragment
	files, unknown, nameless := 0, 0, 0
	for _, f := range list {
		if f.Name != "" {
			files++
		} else if f.State != "intact" && f.State != "unknown" {
			nameless++ // what is missing, and nobody knows as which file
		}
		if f.State != "intact" {
			bad = append(bad, f)
		}
		if f.State == "unknown" {
			unknown++
		}
	}
	if len(bad) == 0 {
		t.axis("fragments", "intact", allFiles(files, list, t.r.Provenance.Integrity.Binding))
		return
	}
	if n := len(bad) - unknown - nameless; n+nameless > 0 {
		parts := []string{fmt.Sprintf("%d of %s", n, plural(files, "file"))}
		if n == 0 {
			parts[0] = ""
		}
		if nameless > 0 {
			parts = append(parts, plural(nameless, "part")+" missing")
		}
		t.axis("fragments", "not as signed", join(parts))
	}
	if unknown > 0 {
		t.axis("fragments", "not judged", fmt.Sprintf("%d of %s", unknown, plural(files, "file")))
	}
	for i, f := range bad {
		if i == maxListed {
			fmt.Fprintf(&t.b, "      and %d more\n", len(bad)-i)
			break
		}
		name := Quote(f.Name)
		if f.Name == "" {
			name = "no file"
		}
		fmt.Fprintf(&t.b, "      %s: %s\n", name, Clip(f.Why))
	}
}

// allFiles counts the files of a set that is intact. Fragments bound by Merkle trees begin with an initialization
// segment: the file that was named, which has no row of its own.
func allFiles(files int, list []report.Fragment, binding string) string {
	if !strings.HasPrefix(binding, "c2pa.hash.bmff") {
		return "all " + plural(files, "file") + " of the set"
	}
	inits := 1
	for _, f := range list {
		if f.Init {
			inits++
		}
	}
	return fmt.Sprintf("all %s of the set, and %s", plural(files-inits+1, "fragment"), plural(inits, "initialization segment"))
}
