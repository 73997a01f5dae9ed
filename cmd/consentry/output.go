package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// answer is where the answer of a run goes: standard output, or a file that appears whole or not at all.
type answer struct {
	io.Writer
	file *os.File // the temporary file; nil: standard output
	name string   // what it will be called
}

// openAnswer begins an answer. An empty name is standard output. One of the inputs is refused as a name.
func (p *program) openAnswer(name string, inputs []string) (*answer, error) {
	if name == "" || name == "-" {
		return &answer{Writer: p.stdout}, nil
	}
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return nil, &usageError{Text: fmt.Sprintf("-o %q is there already and is no regular file", name)}
		}
		for _, in := range inputs {
			if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
				return nil, &usageError{Text: fmt.Sprintf("-o %q would overwrite the file that is judged", name)}
			}
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".consentry-*")
	if err != nil {
		return nil, plainError(name, err)
	}
	return &answer{Writer: f, file: f, name: name}, nil
}

// commit makes the answer visible under its name.
func (a *answer) commit() error {
	if a.file == nil {
		return nil
	}
	f := a.file
	a.file = nil
	err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), a.name)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing %q: %w", a.name, err)
	}
	return nil
}

// abandon removes what was written, unless it was committed.
func (a *answer) abandon() {
	if a.file != nil {
		a.file.Close()
		os.Remove(a.file.Name())
		a.file = nil
	}
}
