package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/signing"
)

// The values of signing.List.Source.
const (
	Embedded = "embedded" // carried by the binary
	Updated  = "updated"  // taken later by the operator
)

// Set is the lists in force: those of the binary, and of those that the operator took later the ones that are not older.
// The zero value has those of the binary alone.
type Set struct {
	updated fs.FS
}

// Open returns the lists in force where a folder holds updated ones, in the form of the embedded ones: NAME.json and
// NAME.der, and products.json. A folder that is not there holds none.
func Open(updated fs.FS) *Set { return &Set{updated: updated} }

// file returns a file of the updated lists; nil: there is none.
func (s *Set) file(name string) ([]byte, error) {
	if s.updated == nil {
		return nil, nil
	}
	f, err := s.updated.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxList {
		return nil, fmt.Errorf("%s: more than %d bytes", name, MaxList)
	}
	return fs.ReadFile(s.updated, name)
}

// Describe returns what a list is and where it comes from.
func (s *Set) Describe(name string) (*List, error) {
	l, _, err := s.read(name)
	return l, err
}

// read returns a list and its certificates.
func (s *Set) read(name string) (*List, []byte, error) {
	if !slices.Contains(names, name) {
		return nil, nil, fmt.Errorf("no trust list %q; there are %s, and %s for no list at all", name, strings.Join(names, ", "), None)
	}
	carried, err := readList(name, files.ReadFile)
	if err != nil {
		return nil, nil, err
	}
	raw, err := s.file(name + ".json")
	if err != nil || raw == nil {
		return carried.List, carried.der, err
	}
	taken, err := readList(name, func(path string) ([]byte, error) { return s.file(strings.TrimPrefix(path, "lists/")) })
	if err != nil {
		return nil, nil, fmt.Errorf("the updated trust list: %w", err)
	}
	if len(older(taken.List, carried.List)) > 0 {
		return carried.List, carried.der, nil // the binary is newer than what was taken
	}
	taken.Updated = true
	taken.marks(carried)
	return taken.List, taken.der, nil
}

// held is a list with its certificates.
type held struct {
	*List
	der []byte
}

// marks notes which parts of a list that was taken are those that the binary carries.
func (h *held) marks(carried *held) {
	before, after := entries(carried.List, carried.der), entries(h.List, h.der)
	for i := range h.Parts {
		is := &h.Parts[i]
		if was := carried.part(is.Use); was != nil {
			c := Change{From: stateOf(was), To: stateOf(is)}
			c.compare(before[is.Use], after[is.Use])
			is.carried = !c.Differs()
		}
	}
}

func readList(name string, read func(string) ([]byte, error)) (*held, error) {
	raw, err := read("lists/" + name + ".json")
	if err != nil {
		return nil, err
	}
	h := &held{List: &List{}}
	if err := json.Unmarshal(raw, h.List); err != nil {
		return nil, fmt.Errorf("trust list %s: %w", name, err)
	}
	if h.Name != name {
		return nil, fmt.Errorf("trust list %s: it is called %q", name, h.Name)
	}
	if h.der, err = read("lists/" + name + ".der"); err != nil {
		return nil, err
	}
	// Each anchor has its bytes, whoever wrote the file.
	return h, add(&signing.Trust{}, h.List, h.der)
}

// older says why a list must not take the place of another, by the part for which it must not; "": every one.
func older(taken, present *List) map[string]string {
	why := map[string]string{}
	for i := range present.Parts {
		was := &present.Parts[i]
		is := taken.part(was.Use)
		switch {
		case is == nil:
			why[""] = "it lacks the part for " + was.Use
		case is.Sequence < was.Sequence:
			why[was.Use] = fmt.Sprintf("its number %d is lower than %d, which is in force", is.Sequence, was.Sequence)
		case day(is.Issued) < day(was.Issued) || is.Sequence > 0 && at(is.Issued).Before(at(was.Issued)):
			why[was.Use] = fmt.Sprintf("it was issued on %s, before the one in force (%s)", day(is.Issued), day(was.Issued))
		}
	}
	return why
}

// day is the day of a time, as lists are dated by people.
func day(t *time.Time) string { return at(t).UTC().Format(time.DateOnly) }

func (l *List) part(use string) *Part {
	for i := range l.Parts {
		if l.Parts[i].Use == use {
			return &l.Parts[i]
		}
	}
	return nil
}

// Lists returns the named lists as trust, in the order of [Names]; none of them: the default of the profile. The name
// "none" stands alone and gives trust in nobody. An unknown name is an error that says which there are.
func (s *Set) Lists(listed []string, profile string) (*signing.Trust, error) {
	if len(listed) == 0 {
		listed = Default(profile)
	}
	if slices.Contains(listed, None) {
		if len(listed) > 1 {
			return nil, fmt.Errorf("trust list %q stands alone", None)
		}
		return &signing.Trust{}, nil
	}
	for _, n := range listed {
		if !slices.Contains(names, n) {
			_, err := s.Describe(n)
			return nil, err
		}
	}
	t := &signing.Trust{}
	for _, n := range names {
		if !slices.Contains(listed, n) {
			continue
		}
		l, der, err := s.read(n)
		if err != nil {
			return nil, err
		}
		if err := add(t, l, der); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Products returns the list of conforming products.
func (s *Set) Products() (*Products, error) {
	raw, err := files.ReadFile("lists/" + ProductsFile)
	if err != nil {
		return nil, err
	}
	carried, err := readProducts(raw)
	if err != nil {
		return nil, err
	}
	if raw, err = s.file(ProductsFile); err != nil || raw == nil {
		return carried, err
	}
	taken, err := readProducts(raw)
	if err != nil {
		return nil, fmt.Errorf("the updated list: %w", err)
	}
	if taken.Changed() < carried.Changed() {
		return carried, nil
	}
	taken.Updated = true
	return taken, nil
}
