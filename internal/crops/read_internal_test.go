package crops

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A folder at the limit is listed, one past it is refused; a real one takes too long to make.
func TestReadDir(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for n := range 4 {
		list, err := readDir(root, ".", 3)
		if err != nil || len(list) != n {
			t.Fatalf("%d files: %d, %v", n, len(list), err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := readDir(root, ".", 3); err == nil {
		t.Error("4 files were listed where 3 are the limit")
	}
}
