package main

import (
	"bytes"
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
	maxTrustFile   = 32 << 20
	maxStatusFile  = 8 << 20
	maxTokenAtHand = 17 << 10 // a token of 16 KiB, and white space around it
	maxTokenDir    = 10_000   // lists or tokens in a folder
)

// loadConsentTrust reads the trust list of consent issuers, and the steward's key if one is pinned: a JWK, or a file
// that holds one. Without a list nobody is trusted. The sequence of a signed list is held against the state, and noted
// there.
func loadConsentTrust(file, steward string, now time.Time, kept *state) (*consent.TrustList, []report.Finding, error) {
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
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		return nil, nil, &usageError{Text: file + " is a PEM file; --consent-trust takes a trust list of consent issuers", Hint: "certificates of signers go to --trust; consentry help trust build makes a list"}
	}
	if t := bytes.TrimSpace(text); !bytes.HasPrefix(t, []byte("{")) && bytes.Count(t, []byte(".")) != 2 {
		return nil, nil, &usageError{Text: file + " is no trust list of consent issuers: neither JSON nor a signed list", Hint: "consentry help trust build makes one"}
	}
	in := consent.TrustInput{Text: text, Now: now}
	if steward != "" {
		if in.Steward, err = publicKey(steward); err != nil {
			return nil, nil, &usageError{Text: "--consent-steward: " + err.Error()}
		}
	}
	if in.Steward != nil {
		if last, ok := kept.seen[in.Steward.Thumbprint()]; ok {
			in.Last = &last
		}
	}
	list, findings := consent.LoadTrust(in)
	if list != nil && in.Steward != nil {
		kept.note(in.Steward.Thumbprint(), list.Sequence)
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
	return readTokens(dir, maxStatusFile)
}

// tokensAtHand reads the tokens (*.jwt) of a folder, by their digests: a file that names a token by reference says its
// digest, wherever it lies.
func tokensAtHand(dir string) (map[string]string, error) {
	tokens, err := readTokens(dir, maxTokenAtHand)
	if err != nil {
		return nil, err
	}
	return consent.ByDigest(tokens), nil
}

// readTokens reads the *.jwt files of a folder, in the order of their names; no folder has none.
func readTokens(dir string, limit int64) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, plainError(dir, err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".jwt") {
			continue
		}
		if len(out) == maxTokenDir {
			return nil, fmt.Errorf("%s: more than %d files", dir, maxTokenDir)
		}
		b, err := readFile(filepath.Join(dir, e.Name()), limit)
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
		return nil, plainError(name, err)
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
