package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/consentry/consentry/manifest"
)

// inspected is what inspect looks at, open: a file, or the files of one set.
type inspected struct {
	name    string
	content manifest.Content
	inputs  []string // the files that it is read from
	notes   []string // what of a set was not looked at
	set     *set     // nil: one file
	beside  func(suffix string) ([]byte, error)
	close   func()
}

// openInspected opens a file, the set that a folder or a playlist is, or an initialization segment with its fragments.
func openInspected(ctx context.Context, o inspectOptions) (*inspected, error) {
	if o.set == "" && len(o.fragments) == 0 && !isPlaylist(o.file) {
		return openOne(o.file)
	}
	sets, err := openSets(ctx, o, o.manifest != "")
	if err != nil {
		return nil, err
	}
	if len(sets) == 1 {
		return setInspected(sets[0]), nil
	}
	signed := 0
	for _, s := range sets {
		if s.carries {
			signed++
		}
	}
	sets[0].close() // the shelf is that of all
	if signed > 0 {
		return nil, &hintError{
			fmt.Errorf("%q: its renditions do not share a manifest (%d of %d have one of their own), and inspect shows one", cmp.Or(o.set, o.file), signed, len(sets)),
			"name an initialization segment, and its fragments with --fragment",
		}
	}
	if sets, err = openSets(ctx, o, true); err != nil { // no manifest is what they have in common
		return nil, err
	}
	return setInspected(sets[0]), nil
}

// openSets opens what is no single file.
func openSets(ctx context.Context, o inspectOptions, oneStore bool) ([]*set, error) {
	switch {
	case o.set != "":
		return openSetFolder(ctx, o.set, o.fragments, oneStore)
	case len(o.fragments) > 0:
		if err := checkFragments(o.file, o.fragments); err != nil {
			return nil, err
		}
		one, err := openSet(o.file, o.fragments)
		return []*set{one}, err
	}
	return readPlaylist(ctx, o.file, oneStore)
}

func openOne(name string) (*inspected, error) {
	if isFolder([]string{name}) {
		return nil, &hintError{fmt.Errorf("%q is a folder", name), "name a file in it; where the folder holds one asset of several files, name it with --set"}
	}
	f, size, err := openFile(name)
	if err != nil {
		return nil, err
	}
	read, _ := besideOf(nil, name)
	return &inspected{name: name, content: manifest.Content{Data: f, Size: size}, inputs: []string{name}, beside: read, close: func() { f.Close() }}, nil
}

func setInspected(s *set) *inspected {
	out := &inspected{
		name: s.asset.Name, inputs: s.shelf.paths(), set: s, beside: s.asset.Sidecar, close: s.close,
		content: manifest.Content{Data: s.asset.Data, Size: s.asset.Size, Rendition: s.asset.Rendition, Folder: s.asset.Folder},
	}
	for _, p := range s.asset.Parts {
		out.content.Parts = append(out.content.Parts, manifest.Part(p))
	}
	for _, n := range s.asset.Unread {
		out.notes = append(out.notes, n.What+": "+n.Why)
	}
	return out
}

// storeOutside reads the store that was named, or the one beside an asset that has none of its own; nil where there is
// none.
func (a *inspected) storeOutside(loc *manifest.Located, named string) (store []byte, carrier string, err error) {
	if named != "" {
		if a.set != nil {
			a.set.leaveOut(named)
		}
		store, err = readSmall(named, maxBeside)
		return store, "detached", err
	}
	if loc.Store != nil || loc.Multiple || loc.Malformed {
		return nil, "", nil
	}
	store, err = a.beside(".c2pa")
	return store, "sidecar", err
}
