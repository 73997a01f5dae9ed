package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/report"
)

// Limits of what is read for the consent side, in bytes: the format's own for a trust list, and a status list that
// takes its four megabytes without compressing.
const (
	maxTrustFile  = 32 << 20
	maxStatusFile = 8 << 20
	maxStatusDir  = 10_000 // lists in a folder
)

// loadConsentTrust reads the trust list of consent issuers, and the steward's key if one is pinned: a JWK, or a file
// that holds one. Without a list nobody is trusted. The sequence of a signed list is kept for the next run.
func loadConsentTrust(file, steward string, now time.Time, warn func(string, ...any)) (*consent.TrustList, []report.Finding, error) {
	if file == "" {
		if steward != "" {
			return nil, nil, &usageError{Text: "--consent-steward without --consent-trust"}
		}
		return nil, nil, nil
	}
	text, err := readFile(file, maxTrustFile)
	if err != nil {
		return nil, nil, err
	}
	in := consent.TrustInput{Text: text, Now: now}
	if steward != "" {
		if in.Steward, err = publicKey(steward); err != nil {
			return nil, nil, &usageError{Text: "--consent-steward: " + err.Error()}
		}
	}
	state, key := "", ""
	if in.Steward != nil {
		if state, key = stateFile(), in.Steward.Thumbprint(); state == "" {
			warn("no folder for the user's state (XDG_STATE_HOME): whether the consent trust list is older than one seen before cannot be told")
		}
		seen, err := readSequences(state)
		if err != nil {
			return nil, nil, err
		}
		if last, ok := seen[key]; ok {
			in.Last = &last
		}
	}
	list, findings := consent.LoadTrust(in)
	if list != nil && state != "" {
		if err := keepSequence(state, key, list.Sequence); err != nil {
			warn("the sequence of the consent trust list could not be kept: %v", err)
		}
	}
	return list, findings, nil
}

// publicKey reads a public key: a JWK, or a file that holds one, or what keygen printed.
func publicKey(arg string) (*consent.Key, error) {
	text := []byte(arg)
	if !strings.HasPrefix(strings.TrimSpace(arg), "{") {
		var err error
		if text, err = readFile(arg, maxKeyFile); err != nil {
			return nil, err
		}
	}
	var printed struct {
		JWK json.RawMessage `json:"jwk"`
	}
	if json.Unmarshal(text, &printed) == nil && len(printed.JWK) > 0 {
		text = printed.JWK
	}
	return consent.ParseKey(text)
}

// statusLists reads the status list tokens (*.jwt) of a folder, in the order of their names.
func statusLists(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".jwt") {
			continue
		}
		if len(out) == maxStatusDir {
			return nil, fmt.Errorf("%s: more than %d status lists", dir, maxStatusDir)
		}
		b, err := readFile(filepath.Join(dir, e.Name()), maxStatusFile)
		if err != nil {
			return nil, err
		}
		out = append(out, strings.TrimSpace(string(b)))
	}
	return out, nil
}

// readFile reads a file that the user named, up to a limit in bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f, name, limit)
}

// readLimited reads to the end, up to a limit in bytes.
func readLimited(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: larger than the limit of %d bytes", name, limit)
	}
	return b, nil
}
