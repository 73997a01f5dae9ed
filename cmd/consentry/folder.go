package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/consentry/consentry/manifest"
)

// folder lists the files of the shelf's folder and of those in it. They are opened as they are asked for.
func (s *shelf) folder(limit int) (*manifest.Folder, error) {
	out := &manifest.Folder{}
	err := fs.WalkDir(s.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		if out.Names = append(out.Names, path); len(out.Names) > limit {
			return fmt.Errorf("more than %d files in the folder", limit)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Open = func(name string) (io.ReaderAt, int64, error) {
		f, err := s.add(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, fileError(name, err)
		}
		return f, f.first.Size(), nil
	}
	return out, nil
}

// beside reads what lies beside the first of some files that has it. A manifest store that is taken from the folder of
// the set is none of the files that a manifest should list; another one is.
func (s *set) beside(files ...string) (read func(suffix string) ([]byte, error), named func(suffix string) string) {
	return besideOf(func(name string) { s.leaveOut(name) }, files...)
}

// leaveOut takes the manifest store in use off the files of the folder, where it is one of them.
func (s *set) leaveOut(store string) {
	if s.asset.Folder == nil {
		return
	}
	dir, err := realFolder(s.dir)
	if err != nil {
		return
	}
	of, err := realFolder(filepath.Dir(store))
	if err != nil {
		return
	}
	name, err := filepath.Rel(dir, filepath.Join(of, filepath.Base(store)))
	if err != nil {
		return
	}
	name = filepath.ToSlash(name)
	s.asset.Folder.Names = slices.DeleteFunc(slices.Clone(s.asset.Folder.Names), func(n string) bool { return n == name })
}

// realFolder is the path of a folder from the root, without links.
func realFolder(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}
