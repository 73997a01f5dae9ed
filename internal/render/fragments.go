package render

import (
	"fmt"

	"github.com/consentry/consentry/report"
)

// fragments names the files of a set that are not as signed, or not there, and says how many are.
func (t *text) fragments() {
	list := t.r.Provenance.Integrity.Fragments
	if len(list) == 0 {
		return
	}
	var bad []report.Fragment
	files := 0
	for _, f := range list {
		if f.Name != "" {
			files++
		}
		if f.State != "intact" {
			bad = append(bad, f)
		}
	}
	if len(bad) == 0 {
		t.axis("fragments", "intact", "all "+plural(files, "file")+" of the set")
		return
	}
	t.axis("fragments", "not as signed", fmt.Sprintf("%d of %s", len(bad), plural(files, "file")))
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
