package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/consentry/consentry/manifest"
)

// folder lists the files of the shelf's folder and of those in it, but for manifest stores. They are opened as they are
// asked for.
func (s *shelf) folder(limit int) (*manifest.Folder, error) {
	out := &manifest.Folder{}
	err := fs.WalkDir(s.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasSuffix(path, ".c2pa") {
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
