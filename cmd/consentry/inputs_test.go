package main

import (
	"os"
	"strings"
	"testing"
)

// TestInputsAtTheirLimits gives each command a file of just the size that it reads, and one byte more. What is in the
// file is nothing, so that every run fails: only the second by its size.
func TestInputsAtTheirLimits(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if code, _, talk := asked(t, "demo", "d"); code != exitMeets {
		t.Fatal(talk)
	}
	if err := os.WriteFile("phrase", []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, talk := asked(t, "token", "keygen", "--encrypt", "--passphrase-file", "phrase", "--out", "sealed.pem"); code != exitMeets {
		t.Fatal(talk)
	}
	for _, c := range []struct {
		name  string
		limit int64
		args  []string // FILE stands for the file
	}{
		{"a consent assertion to sign", maxConsentFile, []string{"sign", "--key", "d/signer.key.pem", "--cert", "d/signer.chain.pem", "--consent", "FILE", "d/original.mp4", "out.mp4"}},
		{"a key to sign claims with", maxKeyFile, []string{"sign", "--key", "FILE", "--cert", "d/signer.chain.pem", "d/original.mp4", "out.mp4"}},
		{"a key to sign tokens with", 16 << 10, []string{"token", "mint", "--key", "FILE", "d/person-1.claims.json"}},
		{"a passphrase", maxPassphrase, []string{"token", "mint", "--key", "sealed.pem", "--passphrase-file", "FILE", "d/person-1.claims.json"}},
		{"a token to show", maxTokenFile, []string{"token", "show", "FILE"}},
		{"a file of cases", maxCaseFile, []string{"conformance", "facts", "FILE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for past := range int64(2) {
				if c.limit > 64<<20 && past == 0 {
					continue // a quarter of a gigabyte of nothing is not read for this
				}
				if err := os.WriteFile("input", nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate("input", c.limit+past); err != nil {
					t.Fatal(err)
				}
				args := append([]string{}, c.args...)
				for i := range args {
					args[i] = strings.Replace(args[i], "FILE", "input", 1)
				}
				code, _, talk := asked(t, args...)
				if code != exitUnknown || strings.Contains(talk, "limit") != (past == 1) {
					t.Errorf("%d past the limit: exit %d, %s", past, code, talk)
				}
				if _, err := os.Stat("out.mp4"); err == nil {
					t.Error("something was signed")
				}
			}
		})
	}
}
