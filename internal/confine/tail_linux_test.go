package confine

import (
	"bytes"
	"strings"
	"testing"
)

// Of what a child writes to its standard error 2 KiB are kept, in whatever pieces it comes, and of these one line is
// quoted up to 128 bytes.
func TestWhatAChildSaysIsBounded(t *testing.T) {
	for _, piece := range []int{1, 2047, 2048, 2049, 1 << 20} {
		var said tail
		for range 3 {
			if n, err := said.Write(bytes.Repeat([]byte("x"), piece)); n != piece || err != nil {
				t.Fatal(n, err)
			}
		}
		if want := min(3*piece, 2048); len(said.kept) != want {
			t.Errorf("three times %d bytes: %d are kept, want %d", piece, len(said.kept), want)
		}
	}
	for n, whole := range map[int]bool{128: true, 129: false} {
		var said tail
		line := strings.Repeat("x", n)
		_, _ = said.Write([]byte(line + "\nmore\n"))
		if got := said.firstLine(); (got == line) != whole || len(got) != 128 {
			t.Errorf("a line of %d bytes: %q", n, got)
		}
	}
}
