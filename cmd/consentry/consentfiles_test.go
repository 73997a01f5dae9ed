package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFoldersOfTokens(t *testing.T) {
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write(dir, "b.jwt", " b.b.b\n")
	write(dir, "a.jwt", "a.a.a")
	write(dir, "notes.txt", "x")
	if got, err := readTokens(dir, maxTokenAtHand); err != nil || fmt.Sprint(got) != "[a.a.a b.b.b]" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := tokensAtHand(dir); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := tokensAtHand(""); err != nil || len(got) != 0 {
		t.Errorf("without a folder: %v, %v", got, err)
	}
	if _, err := tokensAtHand(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there is an empty one")
	}
	write(dir, "a.jwt", strings.Repeat("x", maxTokenAtHand))
	if _, err := tokensAtHand(dir); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	write(dir, "a.jwt", strings.Repeat("x", maxTokenAtHand+1))
	if _, err := tokensAtHand(dir); err == nil {
		t.Error("one byte past the limit is taken")
	}
	many := t.TempDir()
	for i := range maxTokenDir {
		write(many, fmt.Sprint(i, ".jwt"), "x")
	}
	if got, err := statusLists(many); err != nil || len(got) != maxTokenDir {
		t.Errorf("at the limit: %d, %v", len(got), err)
	}
	write(many, "more.jwt", "x")
	if _, err := statusLists(many); err == nil {
		t.Error("one file past the limit is taken")
	}
}
