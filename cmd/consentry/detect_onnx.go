//go:build cgo && !noonnx

package main

import (
	"context"
	"path/filepath"
	"runtime"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/persons/onnx"
)

// openDetector starts what finds faces: the default network, or the one of a file of the operator's own. The folder is
// the one that a flag names, or empty. The error is a [*persons.Error]. It is called only when people are looked for, as
// it starts processes and reads a library of 35 MB.
func openDetector(ctx context.Context, faceModel, folder string) (persons.Detector, error) {
	d, err := startDetector(ctx, faceModel, folder)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func startDetector(ctx context.Context, faceModel, folder string) (*jail.Detector, error) {
	folders := modelFolders(folder)
	item, ok := install.Library()
	if !ok {
		return nil, errNoLibrary
	}
	path, err := item.Find(folders)
	if err != nil {
		return nil, err
	}
	cfg := jail.Config{Library: jail.Library{Path: path, SHA256: item.SHA256}}
	if faceModel == "" {
		cfg.Model, err = install.ReadModel(folders)
	} else {
		cfg.Name = filepath.Base(faceModel)
		cfg.Model, err = install.ReadOwnModel(faceModel)
	}
	if err != nil {
		return nil, err
	}
	return jail.Open(ctx, cfg)
}

// tryDetector starts the detector with the default network, and says what held it.
func tryDetector(ctx context.Context, folder string) (jail.Confinement, error) {
	d, err := startDetector(ctx, "", folder)
	if err != nil {
		return jail.Confinement{}, err
	}
	defer d.Close()
	return d.Confinement(), nil
}

// detectChild is the detector's child process.
func detectChild() int {
	return jail.Serve(func(path string) (jail.Engine, error) {
		lib, err := onnx.Open(path)
		if err != nil {
			return nil, err
		}
		return lib, nil
	})
}

var errNoLibrary = &persons.Error{
	Reason: persons.ReasonUnavailable,
	Detail: "no library is pinned for " + runtime.GOOS + " on " + runtime.GOARCH,
}
