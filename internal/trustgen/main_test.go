package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
)

// The committed lists are exactly what the sources give.
func TestListsAreWhatTheSourcesGive(t *testing.T) {
	made, err := generate(corpustest.Trust(t), filepath.Join("..", "..", "trust", "sources.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "trust", "lists")
	for name, want := range made {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what trustgen makes: run go run ./internal/trustgen", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(made) {
		t.Errorf("%d files in %s, %d made", len(entries), dir, len(made))
	}
}

func TestSourceThatChangedIsRefused(t *testing.T) {
	dir := t.TempDir()
	config := `{"lists":[{"name":"x","parts":[{"use":"claim","title":"t","anchors":{"file":"a.pem","form":"pem","sha256":"00"}}]}]}`
	if err := os.WriteFile(filepath.Join(dir, "sources.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.pem"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := generate(dir, filepath.Join(dir, "sources.json"))
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("err = %v, want one about the digest", err)
	}
}
