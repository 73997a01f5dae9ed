package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// A consent trust list that a steward signs has a sequence number. The highest one that was seen is kept, so that an
// older list, which may hold keys that were revoked since, is not taken for the current one. Consent format 1, 4.
//
// It is kept by the steward's key: only a signature shows whose list it is. A list without one is trusted because the
// operator gave that very file, and may name any steward; nothing is kept for it.

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
	maxStateFile = 1 << 20
	maxStewards  = 1000 // that are remembered; nobody pins more
)

// readSequences reads what is kept: the highest sequence by the thumbprint of a steward's key.
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
		return nil, &hintError{fmt.Errorf("%q: the sequences of trust lists cannot be read: %w", file, err), "remove the file if nobody else wrote it"}
	}
	return seen, nil
}

// keepSequence remembers a sequence if it is higher than what is kept. The file is replaced at once; of two runs at the
// same time one may be forgotten, and the next run with that list remembers it again.
func keepSequence(file, key string, sequence int64) error {
	seen, err := readSequences(file)
	if err != nil {
		return err
	}
	if last, known := seen[key]; known && last >= sequence {
		return nil
	}
	if _, known := seen[key]; !known && len(seen) >= maxStewards {
		return fmt.Errorf("%q holds more than %d stewards", file, maxStewards)
	}
	seen[key] = sequence
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
