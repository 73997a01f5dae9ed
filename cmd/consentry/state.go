package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A consent trust list that a steward signs has a sequence number, and so has a registry bundle. The highest one that
// was seen is kept, so that an older list, which may hold keys that were revoked since, is not taken for the current
// one, nor an older bundle, which may lack an order. Consent format 1, 4 and 7.
//
// It is kept by the steward's key: only a signature shows whose list it is. A list without one is trusted because the
// operator gave that very file, and may name any steward; nothing is kept for it. For the same reason a bundle's
// sequence is kept by its issuer and the key that signed it.

// stateFile is where sequences are kept: the user's state directory (XDG base directories). Empty: there is none.
func stateFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" || !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "consentry", "trust-sequences.json")
}

const (
	maxStateFile  = 1 << 20
	maxRemembered = 1000 // lists; nobody uses more
)

// registryKey stands before the keys of registry bundles, so that they are told from stewards.
const registryKey = "registry "

// state is the highest sequences that were seen: of trust lists by the thumbprint of the steward's key, of registry
// bundles by issuer and thumbprint. The zero value remembers nothing.
type state struct {
	file    string
	seen    map[string]int64
	changed map[string]int64
}

// openState reads what is kept. Where there is no folder for it, it remembers nothing.
func openState() (*state, error) {
	s := &state{file: stateFile()}
	var err error
	s.seen, err = readSequences(s.file)
	return s, err
}

// registries are the sequences of registry bundles, by the keys that package consent knows.
func (s *state) registries() map[string]int64 {
	out := map[string]int64{}
	for key, n := range s.seen {
		if key, ok := strings.CutPrefix(key, registryKey); ok {
			out[key] = n
		}
	}
	return out
}

// note remembers a sequence if it is higher than what is known.
func (s *state) note(key string, sequence int64) {
	if last, known := s.seen[key]; s.file == "" || known && last >= sequence {
		return
	}
	if s.changed == nil {
		s.changed = map[string]int64{}
	}
	s.changed[key] = sequence
}

// save writes what was noted.
func (s *state) save() error {
	if len(s.changed) == 0 {
		return nil
	}
	return keepSequences(s.file, s.changed)
}

// readSequences reads what is kept: the highest sequence by key.
func readSequences(file string) (map[string]int64, error) {
	seen := map[string]int64{}
	if file == "" {
		return seen, nil
	}
	if _, err := os.Stat(file); os.IsNotExist(err) {
		return seen, nil
	}
	text, err := readSmall(file, maxStateFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		return nil, &hintError{fmt.Errorf("%q: the sequences of lists cannot be read: %w", file, err), "remove the file if nobody else wrote it"}
	}
	return seen, nil
}

// keepSequences remembers sequences that are higher than what is kept. The file is replaced at once; of two runs at the
// same time one may be forgotten, and the next run with that list remembers it again.
func keepSequences(file string, higher map[string]int64) error {
	seen, err := readSequences(file)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(higher)) {
		if last, known := seen[key]; known && last >= higher[key] {
			continue
		} else if !known && len(seen) >= maxRemembered {
			return fmt.Errorf("%q holds more than %d lists", file, maxRemembered)
		}
		seen[key] = higher[key]
	}
	text, err := json.MarshalIndent(seen, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".trust-*")
	if err != nil {
		return err
	}
	a := &answer{Writer: f, file: f, name: file}
	defer a.abandon()
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	return a.commit()
}
