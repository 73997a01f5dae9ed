package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// maxSetFiles bounds a set: a film of three hours in fragments of a second has some ten thousand.
const maxSetFiles = 100_000

// splitSet tells the initialization segment of a fragmented asset in a folder from its fragments: it is the one file
// that has a movie box at its top level. Fragments come in the order of the numbers in their names; there may be most of
// them. left counts the other files by their endings.
func splitSet(dir string, most int) (init string, fragments []string, left map[string]int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, nil, plainError(dir, err)
	}
	var found []string
	left = map[string]int{}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		switch kind, err := topLevel(name); {
		case err != nil:
			return "", nil, nil, err
		case kind == "moov":
			found = append(found, name)
		case kind == "moof":
			fragments = append(fragments, name)
		default:
			switch ending := strings.ToLower(filepath.Ext(name)); ending {
			case ".mpd", ".m3u8", ".c2pa", ".jwt": // what speaks of the set, and is no part of it
			default:
				left[ending]++
			}
		}
		if len(fragments) > most {
			return "", nil, nil, fmt.Errorf("%q: more than %d fragments", dir, most)
		}
	}
	if len(found) != 1 {
		return "", nil, nil, &hintError{
			fmt.Errorf("%q holds %d files with a movie box; a set has one", dir, len(found)),
			"name the initialization segment, and its fragments with --fragment",
		}
	}
	sort.SliceStable(fragments, func(i, j int) bool { return naturalLess(fragments[i], fragments[j]) })
	return found[0], fragments, left, nil
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
