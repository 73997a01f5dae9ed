//go:build cgo && !noonnx

package main

import (
	"context"
	"path/filepath"
	"runtime"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/install"
	"github.com/consentry/consentry/persons/jail"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/onnx"
	"github.com/consentry/consentry/persons/template"
	"github.com/consentry/consentry/watermark/neural"
	markjail "github.com/consentry/consentry/watermark/neural/jail"
)

// openDetector starts what finds faces: the default network, or the one of a file of the operator's own. The folder is
// the one that a flag names, or empty. The error is a [*persons.Error]. It is called only when people are looked for, as
// it starts processes and reads a library of 35 MB.
func openDetector(ctx context.Context, faceModel, folder string) (persons.Detector, error) {
	d, err := startDetector(ctx, faceModel, folder, false)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// openDescriber starts what finds faces together with what compares them, in one process that ends with the comparison.
func openDescriber(ctx context.Context, faceModel, folder string) (persons.Describer, error) {
	d, err := startDetector(ctx, faceModel, folder, true)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func startDetector(ctx context.Context, faceModel, folder string, templates bool) (*jail.Detector, error) {
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
	if templates {
		cfg.Limits.Workers = 1
		if cfg.Templates, err = readTemplates(folders); err != nil {
			return nil, err
		}
	}
	return jail.Open(ctx, cfg)
}

// readTemplates makes the network that compares faces of the files that were installed for it.
func readTemplates(folders []string) (*jail.Templates, error) {
	weights, list, err := install.ReadTemplates(folders)
	if err != nil {
		return nil, err
	}
	model, err := template.Model(list, weights)
	if err != nil {
		return nil, &persons.Error{Reason: persons.ReasonModel, Detail: err.Error(), Err: err}
	}
	return &jail.Templates{Model: model, SHA256: install.Templates()[0].SHA256}, nil
}

// tryDetector starts the detector with the default network, and with that of templates where it is asked for, and says
// what held it.
func tryDetector(ctx context.Context, folder string, templates bool) (jail.Confinement, error) {
	d, err := startDetector(ctx, "", folder, templates)
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

// openMarkNetwork starts a network that reads marks, with the library that finds faces too.
func openMarkNetwork(ctx context.Context, n *neural.Network, model []byte, folder string) (neural.Session, error) {
	item, ok := install.Library()
	if !ok {
		return nil, errNoLibrary
	}
	path, err := item.Find(modelFolders(folder))
	if err != nil {
		return nil, err
	}
	p, err := markjail.Open(ctx, markjail.Config{Library: path, SHA256: item.SHA256, Network: n, Model: model})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// readMarksChild is the child process of a network that reads marks.
func readMarksChild() int {
	return markjail.Serve(func(path string) (markjail.Engine, error) {
		lib, err := onnx.Open(path)
		if err != nil {
			return nil, err
		}
		return markEngine{lib}, nil
	})
}

// markEngine shows the library as what reads marks wants it.
type markEngine struct{ lib *onnx.Library }

func (e markEngine) Session(model []byte, input, output string) (neural.Runner, error) {
	run, err := e.lib.Session(model, &network.Network{Input: input, Outputs: []string{output}})
	if err != nil {
		return nil, err
	}
	return markRunner{run}, nil
}

type markRunner struct{ run network.Runner }

func (r markRunner) Run(in neural.Tensor) (neural.Tensor, error) {
	out, err := r.run.Run(network.Tensor(in))
	if err != nil {
		return neural.Tensor{}, err
	}
	return neural.Tensor(out[0]), nil
}
