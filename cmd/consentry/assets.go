package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/report"
)

const (
	// maxAssets bounds a batch: a folder with more is a mistake, or somebody else's disk.
	maxAssets = 100_000
	// maxBeside bounds a file that lies beside an asset or is given for it (a detached store, a consent sidecar). The
	// library's own limit for a store is 64 MiB.
	maxBeside = 64 << 20
)

// mediaSuffixes are the names that a folder's assets end with. A file that is named itself is judged whatever its name.
var mediaSuffixes = []string{
	".mp4", ".m4v", ".m4a", ".m4s", ".mov", ".qt", ".3gp", ".3g2", ".avi", ".wav", ".mkv", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg",
	".flv", ".mp3", ".flac", ".ogg", ".ogv", ".oga", ".opus", ".aac", ".heic", ".heif", ".avif", ".mxf",
}

// expandAssets turns the arguments of verify into file names: a folder becomes the media files in it, and a pattern
// that the shell left alone the files that it matches.
func (p *program) expandAssets(args []string, limit int) ([]string, error) {
	var out []string
	for _, a := range args {
		names, err := p.expand(a, limit)
		if err != nil {
			return nil, err
		}
		if out = append(out, names...); len(out) > limit {
			return nil, fmt.Errorf("more than %d files", limit)
		}
	}
	return out, nil
}

func (p *program) expand(arg string, limit int) ([]string, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return p.mediaIn(arg, limit)
	case err == nil:
		return []string{arg}, nil
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?["):
		names, globErr := filepath.Glob(arg)
		if globErr != nil {
			return nil, &usageError{Text: fmt.Sprintf("%q is no pattern: %v", arg, globErr)}
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("no file matches %q", arg)
		}
		return names, nil
	}
	return []string{arg}, nil // opening it will say what is wrong
}

// mediaIn lists the media files of a folder and of the folders in it, in the order of their names. Links are not
// followed.
func (p *program) mediaIn(dir string, limit int) ([]string, error) {
	var out []string
	left := map[string]int{} // by the ending of the name
	root := dir
	if isLink(dir) {
		root += string(filepath.Separator) // a link that is named itself is meant
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.Type().IsRegular():
		case slices.Contains(mediaSuffixes, strings.ToLower(filepath.Ext(path))):
			out = append(out, path)
		default:
			left[strings.ToLower(filepath.Ext(path))]++
		}
		if len(out) > limit {
			return fmt.Errorf("more than %d files", limit)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("folder %q: %w", dir, err)
	}
	if len(out) == 0 {
		return nil, &hintError{fmt.Errorf("no video or audio file in %q", dir), "a file that has another name can be named itself"}
	}
	if len(left) > 0 {
		p.warnf("left out of %q, for their names are not those of video or sound: %s; a file that is named itself is judged", dir, endings(left))
	}
	return out, nil
}

// maxEndings is how many kinds of files that were left out are told apart.
const maxEndings = 6

// endings says how many files have which ending, the most frequent first.
func endings(count map[string]int) string {
	kinds := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	var parts []string
	rest := 0
	for i, k := range kinds {
		switch {
		case i >= maxEndings:
			rest += count[k]
		case k == "":
			parts = append(parts, report.Count(count[k], "file")+" without an ending")
		default:
			parts = append(parts, report.Count(count[k], render.Clip(k)+" file"))
		}
	}
	if rest > 0 {
		parts = append(parts, report.Count(rest, "other file"))
	}
	return strings.Join(parts, ", ")
}

// openFile opens a regular file for reading at random. A pipe or a device is refused before it is opened, since opening
// it could wait for ever.
func openFile(name string) (*os.File, int64, error) {
	if err := checkFile(name); err != nil {
		return nil, 0, err
	}
	// What was looked at may be something else by now: without waiting, and asked again.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, plainError(name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("no regular file any more")
	}
	if err != nil {
		f.Close()
		return nil, 0, plainError(name, err)
	}
	return f, info.Size(), nil
}

// checkFile says what keeps a name from being a regular file, with the way out.
func checkFile(name string) error {
	info, err := os.Stat(name)
	switch {
	case name == "-" && errors.Is(err, fs.ErrNotExist):
		return &hintError{errors.New("standard input cannot be read at random"), "save it to a file, and name that"}
	case errors.Is(err, fs.ErrNotExist) && isLink(name):
		return fmt.Errorf("%q is a link to a file that is not there", name)
	case err != nil:
		return plainError(name, err)
	case info.IsDir():
		return &hintError{fmt.Errorf("%q is a folder", name), "name a file in it"}
	case !info.Mode().IsRegular():
		return &hintError{fmt.Errorf("%q is no regular file and cannot be read at random", name), "save it to a file, and name that"}
	}
	return nil
}

func isLink(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// withName puts the name of a file in front of an error, unless the error begins with it.
func withName(name string, err error) error {
	if quoted := fmt.Sprintf("%q", name); !strings.HasPrefix(err.Error(), quoted) {
		return fmt.Errorf("%s: %w", quoted, err)
	}
	return err
}

// plainError says in a few words what is wrong with a file, with a hint for the usual slip.
func plainError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	err = fmt.Errorf("%q: %w", name, err)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, readErr := os.ReadDir(filepath.Dir(name))
	if readErr != nil {
		return err
	}
	var names []string
	for _, e := range entries[:min(len(entries), 10_000)] {
		names = append(names, e.Name())
	}
	near := longer(filepath.Base(name), names)
	if len(near) == 0 {
		near = nearest(filepath.Base(name), names, 1)
	}
	for i := range near {
		near[i] = filepath.Join(filepath.Dir(name), near[i])
	}
	if len(near) > 0 {
		return &hintError{err, "did you mean " + strings.Join(near, " or ") + "?"}
	}
	return err
}

// longer are up to two names that begin and end as a name does: who types key.pem may mean key.private.pem.
func longer(name string, names []string) []string {
	ext := filepath.Ext(name)
	stem := strings.ToLower(strings.TrimSuffix(name, ext))
	var out []string
	for _, n := range names {
		if len(stem) >= 2 && len(out) < 2 && strings.EqualFold(filepath.Ext(n), ext) && strings.HasPrefix(strings.ToLower(n), stem) {
			out = append(out, n)
		}
	}
	return out
}

// readSmall reads a whole file of at most max bytes.
func readSmall(name string, max int64) ([]byte, error) {
	f, size, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > max {
		return nil, fmt.Errorf("%q has %d bytes; the limit is %d", name, size, max)
	}
	// One byte more than the limit: the file may have grown since.
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, plainError(name, err)
	}
	if int64(len(b)) > max {
		return nil, fmt.Errorf("%q has more than %d bytes", name, max)
	}
	return b, nil
}

// besideOf gives what reads the files beside the first of some that has them, and what names those that were read. taken
// is called with the name of a manifest store that is used; it may be nil.
func besideOf(taken func(store string), files ...string) (read func(suffix string) ([]byte, error), named func(suffix string) string) {
	names := map[string]string{}
	return func(suffix string) ([]byte, error) {
		for _, f := range files {
			b, name, err := besideNamed(f, suffix)
			if b != nil {
				names[suffix] = filepath.Base(name)
			}
			if b != nil && suffix == ".c2pa" && taken != nil {
				taken(name)
			}
			if b != nil || err != nil {
				return b, err
			}
		}
		return nil, nil
	}, func(suffix string) string { return names[suffix] }
}

// besideNamed reads the file that lies beside an asset under its name and a suffix, and says which that is; nil where
// there is none. A manifest store may also have the asset's name without its own ending. C2PA 2.5, 11.8.
func besideNamed(asset, suffix string) (b []byte, name string, err error) {
	names := []string{asset + suffix}
	if suffix == ".c2pa" {
		names = append(names, strings.TrimSuffix(asset, filepath.Ext(asset))+suffix)
	}
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || name == asset {
			continue // a sidecar that is not there is no fault
		}
		b, err := readSmall(name, maxBeside)
		return b, name, err
	}
	return nil, "", nil
}

// unchanged tells whether a file is still the one that was opened: not written to since, and not another one under the
// same name.
func unchanged(f *os.File) (func() error, error) {
	before, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return func() error {
		now, err := f.Stat()
		if err != nil {
			return err
		}
		if now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
			return errors.New("the file was written to while it was read")
		}
		if named, err := os.Stat(f.Name()); err != nil || !os.SameFile(named, before) {
			return errors.New("another file took its name while it was read")
		}
		return nil
	}, nil
}
