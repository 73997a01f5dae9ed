// Package crops writes pictures of the faces that nobody declared, for people to look at: a PNG file for each and one
// page with a timeline, which needs nothing from outside and runs nothing. It looks for no faces and gives nobody a name.
// The files are for their owner alone, and the folder holds nothing else. Start with [Open].
package crops

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
)

const (
	// maxEntries bounds what a folder may hold to be looked through: the pictures of one clip and a page, or the folders
	// of a batch.
	maxEntries = 1 << 17
	// maxName bounds the part of a folder's name that is taken from a file's, in bytes.
	maxName = 64
	// blocks is how many colours a pixelated picture has along its longer side. The face has about half of them: people
	// tell faces of 16 to 20 apart.
	blocks = 10
	page   = "index.html"
)

var (
	ownPicture = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^track-[0-9]+\.png$`) })
	ownFolder  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{3,}-[A-Za-z0-9_][A-Za-z0-9._-]*$`) })
)

// Folder is where pictures are written. It is safe for concurrent use by writers of different assets.
type Folder struct {
	path     string
	pixelate bool
}

// Sheet is what is shown of one asset. Its texts may be hostile.
type Sheet struct {
	Name       string
	DurationMs int64 // 0: not known
	Tracks     []report.PersonTrack
	Undeclared []int
	Views      []persons.View
	More       int // undeclared faces without a view
	Lanes      []persons.Lane
	Unlisted   int // declared people without a lane
}

// ForeignError is a folder that is not written to, for it holds what this package did not write.
type ForeignError struct{ Folder, File string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%q holds %q, which is no picture of an earlier run", e.Folder, e.File)
}

// Open takes a folder for pictures and removes those of an earlier run; one that is not there is made when the first
// picture is. The error is a [*ForeignError] where it holds anything else, and nothing was removed then.
func Open(path string, pixelate bool) (*Folder, error) {
	f := &Folder{path: path, pixelate: pixelate}
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	own, err := f.own(root, ".", true)
	if err != nil {
		return nil, err
	}
	for _, name := range own {
		if err := root.Remove(name); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// own lists what an earlier run left in a folder, what is inside before what holds it and the page after its pictures: a
// folder that was emptied in part is still known. Deeper folders than those of a batch are nobody's here.
func (f *Folder) own(root *os.Root, dir string, top bool) (files []string, err error) {
	list, err := readDir(root, dir, maxEntries)
	if err != nil {
		return nil, err
	}
	foreign := func(name string) error { return &ForeignError{f.path, filepath.Join(dir, name)} }
	hasPage, pictures := false, ""
	for _, e := range list {
		name := filepath.Join(dir, e.Name())
		switch {
		case e.Name() == page && e.Type().IsRegular():
			if !isPage(root, name) {
				return nil, foreign(e.Name())
			}
			hasPage = true
		case ownPicture().MatchString(e.Name()) && e.Type().IsRegular():
			files, pictures = append(files, name), e.Name()
		case top && e.IsDir() && ownFolder().MatchString(e.Name()):
			inside, err := f.own(root, name, false)
			if err != nil {
				return nil, err
			}
			if len(inside) == 0 {
				return nil, foreign(e.Name()) // a folder is made for a page
			}
			files = append(append(files, inside...), name)
		default:
			return nil, foreign(e.Name())
		}
	}
	if pictures != "" && !hasPage {
		return nil, foreign(pictures)
	}
	if hasPage {
		files = append(files, filepath.Join(dir, page))
	}
	return files, nil
}

// readDir lists a folder of at most so many files.
func readDir(root *os.Root, dir string, most int) ([]fs.DirEntry, error) {
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	list, err := d.ReadDir(most + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(list) > most {
		return nil, fmt.Errorf("%q holds more than %d files", d.Name(), most)
	}
	return list, nil
}

// isPage says whether a file begins as our pages do.
func isPage(root *os.Root, name string) bool {
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(pageHead))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == pageHead
}

// SubFolder is the name of the folder for one asset of several: its number, and of its name what no system minds. Two
// assets never share one.
func SubFolder(n int, asset string) string {
	base := filepath.Base(strings.ReplaceAll(asset, `\`, "/"))
	safe := []byte(base[:min(len(base), maxName)])
	for i, c := range safe {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '-') {
			safe[i] = '_'
		}
	}
	return fmt.Sprintf("%03d-%s", n, strings.TrimRight(string(safe), ".")) // some systems drop dots at the end
}

// Write writes the pictures and the page of one asset, the page first: with it the folder is known as ours. sub is a name
// of [SubFolder], or empty for the folder itself. A sheet without views writes nothing. Path is where the page is.
func (f *Folder) Write(sub string, s *Sheet) (path string, err error) {
	if len(s.Views) == 0 {
		return "", nil
	}
	pictures := make([][]byte, len(s.Views))
	for i, v := range s.Views {
		if v.Picture == nil {
			continue
		}
		if pictures[i], err = f.encode(v.Picture); err != nil {
			return "", err
		}
	}
	var b bytes.Buffer
	if err := writePage(&b, s, pictures, f.pixelate); err != nil {
		return "", err
	}
	dir := filepath.Join(f.path, sub)
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if sub != "" {
		if err := root.Mkdir(sub, 0o700); err != nil {
			return "", err
		}
	}
	if err := create(root, filepath.Join(sub, page), b.Bytes()); err != nil {
		return "", err
	}
	for i, v := range s.Views {
		if pictures[i] == nil {
			continue
		}
		if err := create(root, filepath.Join(sub, fmt.Sprintf("track-%d.png", v.Track)), pictures[i]); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, page), nil
}

// create writes a file that is not there yet, for its owner alone.
func create(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// encode makes a PNG file of a picture.
func (f *Folder) encode(p *persons.Picture) ([]byte, error) {
	if f.pixelate {
		p = p.Pixelated(blocks)
	}
	img := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		copy(img.Pix[4*i:], p.RGB[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
