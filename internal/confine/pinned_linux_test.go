package confine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/confine"
)

// A library is handed over when it has the digest that is pinned and no more bytes than the limit; what is larger is read
// no further than one byte past it.
func TestAPinnedFileIsBounded(t *testing.T) {
	const text = "a library"
	sum := sha256.Sum256([]byte(text))
	for _, c := range []struct {
		name, text string
		most       int64
		ok         bool
	}{
		{"at the limit", text, int64(len(text)), true},
		{"one byte past it", text, int64(len(text)) - 1, false},
		{"far past it, beginning as it should", text + strings.Repeat("x", 1<<20), int64(len(text)), false},
		{"other bytes", "a Library", int64(len(text)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lib.so")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := confine.NewPinned("library", path, hex.EncodeToString(sum[:]), c.most)
			if (err == nil) != c.ok {
				t.Fatalf("%v", err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), "lib.so is not the library that is pinned") || strings.Contains(err.Error(), path) {
					t.Errorf("%v", err)
				}
				return
			}
			defer f.Close()
			got := make([]byte, len(text)+1)
			if n, _ := f.ReadAt(got, 0); string(got[:n]) != text {
				t.Errorf("%q was handed over", got[:n])
			}
		})
	}
}
