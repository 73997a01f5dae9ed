package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
)

// Names of several words are looked for one by one in a text that does not quote them, and so only the first 64 are; a
// text that quotes hides any.
func TestNamesOfSeveralWordsAreBounded(t *testing.T) {
	n := &render.Names{}
	for i := range 65 {
		name := fmt.Sprintf("Ada No.%d Lovelace", i)
		n.Parties(name, "")
		if hidden := !strings.Contains(n.Sentence("it speaks of "+name+" here"), name); hidden != (i < 64) {
			t.Errorf("name %d, not quoted: hidden %v", i+1, hidden)
		}
		if s := n.Sentence(fmt.Sprintf("it speaks of %q here", name)); strings.Contains(s, name) {
			t.Errorf("name %d, quoted: %s", i+1, s)
		}
	}
}
