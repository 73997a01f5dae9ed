package parts_test

import (
	"bytes"
	"testing"

	"github.com/consentry/consentry/internal/parts"
)

// TestFieldsLimits: at each limit everything is taken, one past it the rest is not, and what was left out is said.
func TestFieldsLimits(t *testing.T) {
	r := parts.NewReader(bytes.NewReader(make([]byte, parts.MaxField+1)), parts.MaxField+1)
	for _, c := range []struct {
		name       string
		n, each    int64
		take, past int // at the limit, and with one more field
	}{
		{"fields", parts.MaxFields, 1, parts.MaxFields, parts.MaxFields},
		{"bytes of a field", 1, parts.MaxField, 1, 1},
		{"bytes of all", parts.MaxFieldsBytes / parts.MaxField, parts.MaxField, 8, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f parts.Fields
			for range c.n {
				if err := f.Read(r, "a", "/a", parts.Range{Length: c.each}); err != nil {
					t.Fatal(err)
				}
			}
			if len(f.List) != c.take || f.Left != "" {
				t.Fatalf("%d fields, left out: %q", len(f.List), f.Left)
			}
			more := int64(1)
			if c.n == 1 {
				more = c.each + 1
			}
			if err := f.Read(r, "a", "/a", parts.Range{Length: more}); err != nil {
				t.Fatal(err)
			}
			if len(f.List) != c.past || f.Left == "" {
				t.Errorf("%d fields, left out: %q", len(f.List), f.Left)
			}
		})
	}
	t.Run("bytes that are read", func(t *testing.T) {
		var f parts.Fields
		if !f.Spend(parts.MaxFieldsWork) || f.Left != "" || f.Full() {
			t.Errorf("at the limit: %q", f.Left)
		}
		if f.Spend(1) || f.Left == "" || !f.Full() {
			t.Errorf("past the limit: %q", f.Left)
		}
	})
	t.Run("pictures", func(t *testing.T) {
		var f parts.Fields
		for range 16 {
			f.Picture(parts.Picture{})
		}
		if len(f.Pictures) != 16 || f.Left != "" {
			t.Errorf("%d pictures, %q", len(f.Pictures), f.Left)
		}
		if f.Picture(parts.Picture{}); len(f.Pictures) != 16 || f.Left == "" {
			t.Errorf("%d pictures, %q", len(f.Pictures), f.Left)
		}
	})
}

// A broken file may have as many faults as it likes: 64 are kept.
func TestProblemsAreBounded(t *testing.T) {
	var f parts.File
	for n := range 100 {
		f.Problem(parts.Malformed, int64(n), "/a", "fault %d", n)
		if want := min(n+1, 64); len(f.Problems) != want {
			t.Fatalf("%d faults of %d are kept", len(f.Problems), n+1)
		}
	}
}
