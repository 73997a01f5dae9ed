package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/playlist"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// isPlaylist says whether a file is a playlist, by its first bytes.
func isPlaylist(name string) bool {
	f, _, err := openFile(name)
	if err != nil {
		return false // opening it again will say what is wrong
	}
	defer f.Close()
	head := make([]byte, 1024)
	n, _ := f.ReadAt(head, 0)
	head = bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\ufeff")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("#EXTM3U")) || bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<MPD"))
}

// hintOfName says that a file has the name of a playlist and does not begin like one.
func (p *program) hintOfName(name string) {
	if hasListName(name) && checkFile(name) == nil && !isPlaylist(name) {
		p.hintf("%q has the name of a playlist and does not begin like one: a .mpd file has MPD as its first element, an .m3u8 file has #EXTM3U as its first line", name)
	}
}

// hasListName says whether a file is called a playlist.
func hasListName(name string) bool {
	ending := strings.ToLower(filepath.Ext(name))
	return ending == ".mpd" || ending == ".m3u8"
}

// set is one asset of several files, open.
type set struct {
	asset   consentry.Asset
	shelf   *shelf
	folder  *shelf // of files that a manifest for the whole folder may list; nil: shelf has them
	dir     string // the path of asset.Folder, where there is one
	first   string // the file that asset.Data is
	carries bool   // there is a manifest store in that file, be it one that cannot be read
}

// readPlaylist reads a playlist and opens what it lists: one set for all renditions that carry the same manifest store,
// one for each other rendition. All of them share one shelf. Only files in the playlist's folder are opened, links out
// of it are refused.
func readPlaylist(ctx context.Context, name string, oneStore bool) (sets []*set, err error) {
	text, err := readSmall(name, playlist.MaxFile)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, plainError(name, err)
	}
	s := &shelf{root: root}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if _, err := s.add(filepath.Base(name)); err != nil { // it is watched like the rest
		return nil, plainError(name, err)
	}
	list, err := playlist.Read(filepath.Base(name), text, func(p string) ([]byte, error) {
		f, err := s.add(p)
		if err != nil {
			return nil, fileError(p, err)
		}
		if f.first.Size() > playlist.MaxFile {
			return nil, fmt.Errorf("%q has %d bytes; the limit is %d", p, f.first.Size(), playlist.MaxFile)
		}
		b := make([]byte, f.first.Size())
		if n, err := f.ReadAt(b, 0); n < len(b) {
			return nil, fileError(p, err)
		}
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	return s.sets(ctx, name, filepath.Dir(name), list, oneStore)
}

// sets opens the files of renditions in a folder; a manifest for all of them may lie beside the file or folder name.
func (s *shelf) sets(ctx context.Context, name, dir string, list *playlist.Playlist, oneStore bool) ([]*set, error) {
	known := map[string]*shelved{}
	var all []*rendition
	for _, r := range list.Renditions {
		one, err := openRendition(ctx, s, known, r)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	sets := s.group(name, all, list.Unread, oneStore)
	folder, err := s.folder(maxSetFiles)
	if err != nil {
		return nil, err
	}
	for _, one := range sets {
		own := *folder // the sets need not have the same store
		one.asset.Folder, one.dir = &own, dir
		one.asset.Sidecar, one.asset.SidecarName = one.beside(filepath.Clean(name))
	}
	return sets, nil
}

// rendition is one rendition of a playlist, open.
type rendition struct {
	name   string
	parts  []consentry.Part // the first is its initialization segment, or a whole file
	store  [32]byte         // digest of the store; zero: it has none
	bears  bool             // a store, be it one that cannot be read
	pixels int              // of its largest picture
}

// openRendition opens the files of a rendition. One whose segments are all ranges of one file is that file: its
// segments must follow one another.
func openRendition(ctx context.Context, s *shelf, known map[string]*shelved, r playlist.Rendition) (*rendition, error) {
	out := &rendition{name: r.Name}
	one, at := true, int64(0)
	for _, i := range r.Items {
		one = one && i.Path == r.Items[0].Path
	}
	for n, i := range r.Items {
		if one && n > 0 {
			if i.Length == playlist.Whole || i.Offset < at {
				return nil, fmt.Errorf("rendition %q plays %q out of order or twice (segment %d): such a playlist cannot be judged", r.Name, i.Path, n)
			}
		}
		at = i.Offset + max(i.Length, 0)
		if one && n > 0 {
			continue
		}
		ref := i.Ref
		if one {
			ref.Offset, ref.Length = 0, playlist.Whole
		}
		p, err := s.part(known, ref)
		if err != nil {
			return nil, err
		}
		p.Rendition, p.Init = r.Name, i.Init
		out.parts = append(out.parts, p)
	}
	first := &out.parts[0]
	if first.Data == nil {
		return nil, fmt.Errorf("rendition %q: %q is not there, and the rest cannot be judged without it", r.Name, first.Name)
	}
	loc, err := manifest.Locate(ctx, first.Data, first.Size, manifest.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%q: %w", first.Name, err)
	}
	out.bears = loc.Store != nil || loc.Multiple || loc.Malformed
	if loc.Store != nil {
		h := sha256.New()
		h.Write(loc.Store)
		h.Write(loc.Update)
		h.Sum(out.store[:0])
	}
	if loc.File != nil {
		tracks, _, err := loc.File.Tracks()
		if err != nil {
			return nil, fmt.Errorf("%q: %w", first.Name, err)
		}
		for _, t := range tracks {
			out.pixels = max(out.pixels, t.Width*t.Height)
		}
	}
	return out, nil
}

// group makes sets of renditions with the same store; the one with the largest picture is what is decoded.
func (s *shelf) group(name string, all []*rendition, unread []string, oneStore bool) []*set {
	var groups [][]*rendition
	for _, r := range all {
		i := slices.IndexFunc(groups, func(g []*rendition) bool {
			return oneStore || r.store != [32]byte{} && g[0].store == r.store && len(r.parts) > 1 && len(g[0].parts) > 1
		})
		if i < 0 {
			groups = append(groups, []*rendition{r})
			continue
		}
		groups[i] = append(groups[i], r)
	}
	var out []*set
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b *rendition) int { return b.pixels - a.pixels })
		main := g[0]
		a := consentry.Asset{
			Name: name, Data: main.parts[0].Data, Size: main.parts[0].Size, Rendition: main.name, Parts: main.parts[1:], Changed: s.changed,
		}
		var names []string
		for i, r := range g {
			if i > 0 {
				a.Parts = append(a.Parts[:len(a.Parts):len(a.Parts)], r.parts...)
			}
			names = append(names, r.name)
		}
		if len(groups) > 1 {
			a.Name = fmt.Sprintf("%s [%s]", name, strings.Join(names, ", "))
		}
		for _, u := range unread {
			a.Unread = append(a.Unread, report.NotChecked{What: "playlist", Why: u})
		}
		out = append(out, &set{asset: a, shelf: s, first: main.parts[0].Name, carries: main.bears})
	}
	return out
}

// openFolder opens a folder that holds one set; a manifest for all of it may lie beside it.
func openFolder(dir, init string, fragments []string) (*set, error) {
	out, err := openSet(init, fragments)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		out.shelf.close()
		return nil, plainError(dir, err)
	}
	out.folder = &shelf{root: root}
	if out.asset.Folder, err = out.folder.folder(maxSetFiles); err != nil {
		out.close()
		return nil, err
	}
	out.dir = dir
	out.asset.Sidecar, out.asset.SidecarName = out.beside(out.asset.Name, filepath.Clean(dir))
	out.asset.Changed = func() error { return errors.Join(out.shelf.changed(), out.folder.changed()) }
	return out, nil
}

// close closes the files of a set.
func (s *set) close() {
	s.shelf.close()
	if s.folder != nil {
		s.folder.close()
	}
}

// openSet opens an initialization segment and its fragments.
func openSet(init string, fragments []string) (*set, error) {
	s := &shelf{}
	out := &set{shelf: s}
	for i, name := range append([]string{init}, fragments...) {
		if err := checkFile(name); err != nil {
			return nil, err
		}
		f, err := s.add(name)
		if err != nil {
			return nil, plainError(name, err)
		}
		if i == 0 {
			out.first = name
			out.asset = consentry.Asset{
				Name: name, Data: f, Size: f.first.Size(), Changed: s.changed,
			}
			out.asset.Sidecar, out.asset.SidecarName = besideOf(nil, name)
			continue
		}
		out.asset.Parts = append(out.asset.Parts, consentry.Part{Name: name, Data: f, Size: f.first.Size()})
	}
	return out, nil
}
