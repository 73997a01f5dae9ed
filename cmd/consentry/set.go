package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/consentry/consentry/internal/playlist"
	"github.com/consentry/consentry/report"
)

// maxSetFiles bounds a set: a film of three hours in fragments of a second has some ten thousand.
const maxSetFiles = 100_000

// setFiles are the files of a folder that holds one asset, by what is in them. Paths start at the folder, with slashes.
type setFiles struct {
	inits     []string       // with a movie box at the top level: initialization segments
	fragments []string       // with a movie fragment, in the order of the numbers in their names
	lists     []string       // playlists in the folder itself
	left      map[string]int // the others, counted by their endings
}

// lookThrough tells what the files of a folder and of those in it are. There may be most fragments, and maxSetFiles
// files. Links are not followed, and what is hidden is passed over.
func lookThrough(ctx context.Context, dir string, most int) (*setFiles, error) {
	out := &setFiles{left: map[string]int{}}
	files, root := 0, dir+string(filepath.Separator)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return plainError(name, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != root: // the folder itself may be called so
			return fs.SkipDir
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if files++; files > maxSetFiles {
			return fmt.Errorf("%q: more than %d files", dir, maxSetFiles)
		}
		return out.add(dir, filepath.ToSlash(rel), most)
	})
	if err != nil {
		return nil, err
	}
	sort.SliceStable(out.fragments, func(i, j int) bool { return naturalLess(out.fragments[i], out.fragments[j]) })
	return out, nil
}

func (s *setFiles) add(dir, rel string, most int) error {
	name := filepath.Join(dir, filepath.FromSlash(rel))
	kind, err := topLevel(name)
	switch {
	case err != nil:
		return err
	case kind == "moov":
		s.inits = append(s.inits, rel)
		return nil
	case kind == "moof":
		if s.fragments = append(s.fragments, rel); len(s.fragments) > most {
			return fmt.Errorf("%q: more than %d fragments", dir, most)
		}
		return nil
	}
	switch ending := strings.ToLower(path.Ext(rel)); ending {
	case ".mpd", ".m3u8":
		if !strings.Contains(rel, "/") {
			s.lists = append(s.lists, rel)
		}
	case ".c2pa", ".jwt": // what speaks of the set, and is no part of it
	default:
		s.left[ending]++
	}
	return nil
}

// playlist is the one that lists every rendition of the folder: the only .mpd, or else the only .m3u8 of playlists, or
// else the only .m3u8. Empty: there is none, or it could be one or the other.
func (s *setFiles) playlist(dir string) (string, error) {
	var by [3][]string
	for _, name := range s.lists {
		if strings.EqualFold(path.Ext(name), ".mpd") {
			by[0] = append(by[0], name)
			continue
		}
		text, err := readSmall(filepath.Join(dir, name), playlist.MaxFile)
		if err != nil {
			return "", err
		}
		if bytes.Contains(text, []byte("#EXT-X-STREAM-INF")) {
			by[1] = append(by[1], name)
		}
		by[2] = append(by[2], name)
	}
	for _, list := range by {
		if len(list) == 1 {
			return list[0], nil
		}
		if len(list) > 1 {
			break
		}
	}
	return "", nil
}

// renditions gives each initialization segment the fragments that lie in its folder or below it. There is one such
// segment in a folder at most, and no fragment without one.
func (s *setFiles) renditions(dir string) ([]playlist.Rendition, error) {
	unclear := func(format string, args ...any) error {
		return &hintError{fmt.Errorf("%q: %s", dir, fmt.Sprintf(format, args...)), "name its playlist, or the initialization segment, and its fragments with --fragment"}
	}
	of := map[string]*playlist.Rendition{}
	var order []string
	for _, init := range s.inits {
		home := path.Dir(init)
		if of[home] != nil {
			return nil, unclear("%q and %q have a movie box, and nothing says which fragments belong to which", of[home].Items[0].Path, init)
		}
		name := home
		if home == "." {
			name = filepath.Base(dir)
		}
		order = append(order, home)
		of[home] = &playlist.Rendition{Name: name, Items: []playlist.Item{{Ref: playlist.Ref{Path: init, Length: playlist.Whole}, Init: true}}}
	}
	for _, f := range s.fragments {
		home := path.Dir(f)
		for of[home] == nil && home != "." {
			home = path.Dir(home)
		}
		r := of[home]
		if r == nil {
			return nil, unclear("no initialization segment lies beside the fragment %q or above it", f)
		}
		r.Items = append(r.Items, playlist.Item{Ref: playlist.Ref{Path: f, Length: playlist.Whole}})
	}
	var out []playlist.Rendition
	for _, home := range order {
		out = append(out, *of[home])
	}
	return out, nil
}

// unread says what of the folder was not looked at for pictures or sound; listed are the files that were.
func (s *setFiles) unread(listed map[string]bool) (out []report.NotChecked) {
	if len(s.left) > 0 {
		out = append(out, report.NotChecked{
			What: "other files of the folder", Why: "neither a movie box nor a fragment is in them, so that nobody looked at them for pictures or sound: " + endings(s.left),
		})
	}
	missed, first := 0, ""
	for _, name := range append(slices.Clone(s.inits), s.fragments...) {
		if listed != nil && !listed[name] {
			if missed++; missed == 1 {
				first = name
			}
		}
	}
	if missed > 0 {
		out = append(out, report.NotChecked{
			What: "other files of the folder", Why: fmt.Sprintf("%s with pictures or sound in the folder that its playlist does not name; the first is %q", report.Count(missed, "file"), first),
		})
	}
	return out
}

// openSetFolder opens a folder that holds one fragmented asset: an initialization segment with its fragments, or several
// of them, as a playlist in the folder says or, where there is none, the folders in it.
func openSetFolder(ctx context.Context, dir string, more []string, oneStore bool) ([]*set, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		hint := "name the initialization segment, and its fragments with --fragment"
		if isPlaylist(dir) {
			hint = "a playlist is named alone, without --set"
		}
		return nil, &hintError{fmt.Errorf("--set takes a folder, and %q is a file", dir), hint}
	}
	files, err := lookThrough(ctx, dir, maxSetFiles)
	if err != nil {
		return nil, err
	}
	var sets []*set
	listed := map[string]bool(nil)
	switch {
	case len(files.inits) == 0:
		return nil, &hintError{fmt.Errorf("%q holds no file with a movie box; a set has one", dir), "name the initialization segment, and its fragments with --fragment"}
	case len(files.inits) == 1:
		own := []string{}
		for _, f := range files.fragments {
			own = append(own, filepath.Join(dir, filepath.FromSlash(f)))
		}
		one, err := openFolder(dir, filepath.Join(dir, filepath.FromSlash(files.inits[0])), append(own, more...))
		if err != nil {
			return nil, err
		}
		sets = []*set{one}
	case len(more) > 0:
		return nil, &usageError{Text: fmt.Sprintf("%q holds %d initialization segments: of which a --fragment is nobody can tell", dir, len(files.inits))}
	default:
		list, err := files.playlist(dir)
		if err != nil {
			return nil, err
		}
		if list == "" {
			sets, err = files.open(ctx, dir, oneStore)
		} else {
			listed = map[string]bool{}
			sets, err = readPlaylist(ctx, filepath.Join(dir, list), oneStore)
		}
		if err != nil {
			return nil, err
		}
	}
	if listed != nil {
		for _, f := range sets[0].shelf.files {
			listed[f.name] = true
		}
	}
	for _, one := range sets {
		one.asset.Unread = append(one.asset.Unread, files.unread(listed)...)
	}
	return sets, nil
}

// open opens the renditions of a folder that has no playlist.
func (s *setFiles) open(ctx context.Context, dir string, oneStore bool) ([]*set, error) {
	all, err := s.renditions(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, plainError(dir, err)
	}
	books := &shelf{root: root}
	sets, err := books.sets(ctx, dir, dir, &playlist.Playlist{Renditions: all}, oneStore)
	if err != nil {
		books.close()
	}
	return sets, err
}

// hintOfSet says of a folder whose files are judged one by one how those of a stream are judged as one asset, where it
// has a playlist or fragments.
func (p *program) hintOfSet(dir string, names []string) {
	home, fragment := filepath.Clean(dir), ""
	for _, name := range names {
		if kind, err := topLevel(name); err == nil && kind == "moof" { // opening it again will say what is wrong
			home, fragment = filepath.Dir(name), name
			break
		}
	}
	list := ""
	for {
		list = cmp.Or(playlistIn(home), list) // HLS has lists for each rendition, most often below the one for all
		rel, err := filepath.Rel(dir, home)
		if err != nil || rel == "." {
			break
		}
		home = filepath.Dir(home)
	}
	switch {
	case list != "":
		p.hintf("the files of %q are judged one by one; what a playlist lists is judged as one asset with: consentry verify %s", dir, list)
	case fragment != "":
		p.hintf("the files of %q are judged one by one, and %q is a fragment; a folder that holds one asset is judged with: consentry verify --set %s", dir, fragment, dir)
	}
}

// playlistIn is the first playlist in a folder, by its name; empty: there is none.
func playlistIn(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); e.Type().IsRegular() && hasListName(name) && isPlaylist(name) {
			return name
		}
	}
	return ""
}

// maxTopBoxes is how many boxes of a file are looked at for a movie box or a movie fragment, which stand near its start.
const maxTopBoxes = 64

// topLevel is the first of moov and moof that stands at the top level of a file; empty: neither is there.
func topLevel(name string) (string, error) {
	f, size, err := openFile(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var at int64
	for range maxTopBoxes {
		var head [16]byte
		n, err := f.ReadAt(head[:], at)
		if n < 8 {
			if err == io.EOF {
				err = nil
			}
			return "", err
		}
		typ, length := string(head[4:8]), int64(binary.BigEndian.Uint32(head[:4]))
		if typ == "moov" || typ == "moof" {
			return typ, nil
		}
		if length == 1 && n == 16 {
			length = int64(binary.BigEndian.Uint64(head[8:]))
		}
		if length < 8 || length > size-at {
			return "", nil
		}
		at += length
	}
	return "", nil
}

// checkFragments says what keeps files from being the fragments of another one.
func checkFragments(file string, fragments []string) error {
	if isPlaylist(file) {
		return &usageError{Text: fmt.Sprintf("--fragment: %q is a playlist, and names its fragments itself", file), Hint: "leave --fragment out"}
	}
	for _, name := range fragments {
		if err := checkSegment(name); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment says that a file which was named as a fragment is none at all: another file was meant. One that was
// changed or cut short is for the content hash to tell, and so only a beginning that is no box by its length or its type
// counts. ISO/IEC 14496-12, 4.2 and 8.16.
func checkSegment(name string) error {
	f, size, err := openFile(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var head [8]byte
	if n, err := f.ReadAt(head[:], 0); n < len(head) {
		if err == io.EOF {
			err = nil
		}
		return err
	}
	switch string(head[4:]) {
	case "styp", "ftyp", "moof", "moov", "mdat", "sidx", "ssix", "prft", "emsg", "free", "skip", "uuid":
		return nil
	}
	if n := int64(binary.BigEndian.Uint32(head[:])); n <= 1 || n >= 8 && n <= size {
		return nil
	}
	return &hintError{fmt.Errorf("%q is no fragment: it does not begin with a box of MP4", name), "--fragment takes the media segments of the file that is judged"}
}

// naturalLess orders names by the numbers in them: seg9 before seg10.
func naturalLess(a, b string) bool {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(na) != len(nb) {
				return len(na) < len(nb)
			}
			if na != nb {
				return na < nb
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return len(a) < len(b)
}

// digits is the length of the number that a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
