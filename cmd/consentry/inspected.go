package main

import (
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
	var sets []*set
	var err error
	switch {
	case o.set != "":
		sets, err = openSetFolder(ctx, o.set, o.fragments, o.manifest != "")
	case len(o.fragments) > 0:
		for _, name := range o.fragments {
			if err := checkSegment(name); err != nil {
				return nil, err
			}
		}
		var one *set
		one, err = openSet(o.file, o.fragments)
		sets = []*set{one}
	case isPlaylist(o.file):
		sets, err = readPlaylist(ctx, o.file, o.manifest != "")
	default:
		return openOne(o.file)
	}
	if err != nil {
		return nil, err
	}
	if len(sets) > 1 {
		sets[0].close() // the shelf is that of all
		return nil, &hintError{
			fmt.Errorf("%q has %d manifests, and inspect shows one", sets[0].asset.Name, len(sets)),
			"name an initialization segment, and its fragments with --fragment",
		}
	}
	return setInspected(sets[0]), nil
}

func openOne(name string) (*inspected, error) {
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
