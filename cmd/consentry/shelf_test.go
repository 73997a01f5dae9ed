package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// More files than are kept open at a time, and one that changes under the reader.
func TestShelf(t *testing.T) {
	for _, n := range []int{maxOpenParts - 1, maxOpenParts, maxOpenParts + 1, 3 * maxOpenParts} {
		dir := t.TempDir()
		s := &shelf{}
		var files []*shelved
		for i := range n {
			name := fmt.Sprint("f", i)
			write(t, dir, map[string]string{name: name})
			f, err := s.add(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		for range 2 {
			for i, f := range files {
				b := make([]byte, len(fmt.Sprint("f", i)))
				if _, err := f.ReadAt(b, 0); err != nil || string(b) != fmt.Sprint("f", i) {
					t.Errorf("%q, %v", b, err)
				}
				if s.open > maxOpenParts {
					t.Fatalf("%d files are open", s.open)
				}
			}
		}
		if err := s.changed(); err != nil {
			t.Error(err)
		}
		write(t, dir, map[string]string{"f0": "more than there was"})
		if s.changed() == nil {
			t.Error("a file that was written to")
		}
		if n > maxOpenParts { // it was closed since
			if _, err := files[0].ReadAt(make([]byte, 1), 0); err == nil {
				t.Error("read from a file that was written to")
			}
		}
		s.close()
	}
}

// Folders are kept open up to the limit; what lies in one more is found all the same, and one that takes another's place
// while the set is read is noticed.
func TestShelfKeepsFoldersOpen(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{root: root}
	defer s.close()
	for i := range maxFolders + 1 {
		folder := fmt.Sprintf("d%02d", i)
		write(t, dir, map[string]string{folder + "/f": folder})
		f, err := s.add(folder + "/f")
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, len(folder))
		if _, err := f.ReadAt(b, 0); err != nil || string(b) != folder {
			t.Errorf("%q, %v", b, err)
		}
		if want := min(i+1, maxFolders); len(s.folders) != want {
			t.Errorf("%d folders are open after %d, expected %d", len(s.folders), i+1, want)
		}
	}
	if err := s.changed(); err != nil {
		t.Errorf("nothing changed: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, "d03"), filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"d03/f": "d03"})
	if err := s.changed(); err == nil || !strings.Contains(err.Error(), "exchanged") {
		t.Errorf("another folder in its place: %v", err)
	}
}

func TestFolderLimit(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "", "b.c2pa": ""})
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{root: root}
	defer s.close()
	if f, err := s.folder(2); err != nil || len(f.Names) != 2 {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := s.folder(1); err == nil {
		t.Error("past the limit")
	}
}
