package main

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/playlist"
)

// maxOpenParts is how many files of a set are kept open: each core reads one, a decoder one or two, and neighbours come
// back soon. A set may have more files than a process may open.
const maxOpenParts = 32

// shelf holds the files of a set, and opens one when it is read.
type shelf struct {
	root *os.Root // nil: names are the user's own words, and mean what they mean everywhere

	mu      sync.Mutex
	folders map[string]*rooted // below root, by path
	files   []*shelved
	idle    list.List // of *shelved that are open and not being read, the longest idle first
	open    int
}

// shelved is a file of a set. It is an [io.ReaderAt].
type shelved struct {
	shelf *shelf
	name  string
	first fs.FileInfo // as it was when it was put on the shelf

	file  *os.File
	users int
	place *list.Element // in shelf.idle
}

// rooted is a folder of the shelf's root that is kept open, so that the way to its files is not walked for each of them.
type rooted struct {
	root *os.Root
	info fs.FileInfo // as it was when it was opened
}

// maxFolders is how many such folders are kept open: a rendition has one.
const maxFolders = 16

// below is the folder that a file lies in and its name there; nil: the file is looked for from the root.
func (s *shelf) below(name string) (*os.Root, string) {
	at := strings.LastIndexByte(name, '/')
	if at <= 0 {
		return nil, name
	}
	dir := name[:at]
	f, known := s.folders[dir]
	if !known && len(s.folders) < maxFolders {
		f = &rooted{}
		if root, err := s.root.OpenRoot(filepath.FromSlash(dir)); err == nil {
			if info, err := root.Stat("."); err == nil {
				f.root, f.info = root, info
			} else {
				root.Close()
			}
		}
		if s.folders == nil {
			s.folders = map[string]*rooted{}
		}
		s.folders[dir] = f
	}
	if f == nil {
		return nil, name
	}
	return f.root, name[at+1:]
}

// stat looks at a file, and openFile opens it: in its folder, or from the root where that does not lead there, as where
// a link in the folder leads to another one below the root. A link out of the root leads nowhere. s.mu is held.
func (s *shelf) stat(name string) (fs.FileInfo, error) {
	if s.root == nil {
		return os.Stat(name)
	}
	if dir, base := s.below(name); dir != nil {
		if info, err := dir.Stat(base); err == nil {
			return info, nil
		}
	}
	return s.root.Stat(filepath.FromSlash(name))
}

func (s *shelf) openFile(name string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK // what was looked at may be a pipe by now
	if s.root == nil {
		return os.OpenFile(name, flags, 0)
	}
	if dir, base := s.below(name); dir != nil {
		if f, err := dir.OpenFile(base, flags, 0); err == nil {
			return f, nil
		}
	}
	return s.root.OpenFile(filepath.FromSlash(name), flags, 0)
}

// add puts a file on the shelf. A pipe or a device is refused before anybody could wait for it.
func (s *shelf) add(name string) (*shelved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file and cannot be read at random", name)
	}
	f := &shelved{shelf: s, name: name, first: info}
	s.files = append(s.files, f)
	return f, nil
}

// ReadAt reads the file, and opens it where that is needed.
func (f *shelved) ReadAt(p []byte, at int64) (int, error) {
	if err := f.take(); err != nil {
		return 0, err
	}
	defer f.give()
	return f.file.ReadAt(p, at)
}

func (f *shelved) take() error {
	s := f.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users++; f.file != nil {
		if f.place != nil {
			s.idle.Remove(f.place)
			f.place = nil
		}
		return nil
	}
	for s.open >= maxOpenParts && s.idle.Len() > 0 {
		old := s.idle.Remove(s.idle.Front()).(*shelved)
		old.file.Close()
		old.file, old.place = nil, nil
		s.open--
	}
	var err error
	if f.file, err = s.openFile(f.name); err == nil {
		s.open++
		var now fs.FileInfo
		if now, err = f.file.Stat(); err == nil {
			err = f.same(now)
		}
	}
	if err != nil {
		f.users--
		if f.file != nil {
			f.file.Close()
			f.file = nil
			s.open--
		}
		return fileError(f.name, err)
	}
	return nil
}

func (f *shelved) give() {
	s := f.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users == 0 {
		f.place = s.idle.PushBack(f)
	}
}

// same says whether the file is still the one that was put on the shelf.
func (f *shelved) same(now fs.FileInfo) error {
	if !os.SameFile(now, f.first) || now.Size() != f.first.Size() || !now.ModTime().Equal(f.first.ModTime()) {
		return fmt.Errorf("%q was written to or exchanged while the set was read", f.name)
	}
	return nil
}

// changed tells whether all files are still those that were put on the shelf, and lie where they lay.
func (s *shelf) changed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for dir, f := range s.folders {
		if f.root == nil {
			continue
		}
		if now, err := s.root.Stat(filepath.FromSlash(dir)); err != nil {
			return err
		} else if !os.SameFile(now, f.info) {
			return fmt.Errorf("%q was exchanged while the set was read", dir)
		}
	}
	for _, f := range s.files {
		now, err := s.stat(f.name)
		if err != nil {
			return err
		}
		if err := f.same(now); err != nil {
			return err
		}
	}
	return nil
}

// paths are where the files lie.
func (s *shelf) paths() []string {
	var out []string
	for _, f := range s.files {
		name := f.name
		if s.root != nil {
			name = filepath.Join(s.root.Name(), filepath.FromSlash(name))
		}
		out = append(out, name)
	}
	return out
}

// close closes what is open. Nobody may be reading any more.
func (s *shelf) close() {
	for _, f := range s.files {
		if f.file != nil {
			f.file.Close()
			f.file = nil
		}
	}
	for _, f := range s.folders {
		if f.root != nil {
			f.root.Close()
		}
	}
	if s.root != nil {
		s.root.Close()
	}
}

// fileError names the file in an error of the system, in few words.
func fileError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return prefixed(name, err)
}

// part is a segment of a set: a file of the shelf, or a range of one. What is listed and not there has no data.
func (s *shelf) part(known map[string]*shelved, ref playlist.Ref) (consentry.Part, error) {
	out := consentry.Part{Name: ref.Path}
	if ref.Length != playlist.Whole {
		out.Name = fmt.Sprintf("%s bytes %d to %d", ref.Path, ref.Offset, ref.Offset+ref.Length-1)
	}
	f, ok := known[ref.Path]
	if !ok {
		var err error
		if f, err = s.add(ref.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return out, fileError(ref.Path, err)
		}
		known[ref.Path] = f
	}
	switch {
	case f == nil:
	case ref.Length == playlist.Whole:
		out.Data, out.Size = f, f.first.Size()
	case ref.Offset <= f.first.Size()-ref.Length:
		out.Data, out.Size = io.NewSectionReader(f, ref.Offset, ref.Length), ref.Length
	}
	return out, nil
}
