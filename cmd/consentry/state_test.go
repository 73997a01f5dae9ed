package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/report"
)

// steward is a key for tests, and its public half as a JWK.
func steward(seed byte) (ed25519.PrivateKey, string) {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
	public, _ := key.Public().(ed25519.PublicKey)
	return key, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, base64.RawURLEncoding.EncodeToString(public))
}

// signedList is a consent trust list with a sequence, signed by a steward's key.
func signedList(t *testing.T, key ed25519.PrivateKey, sequence int) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	payload := fmt.Sprintf(`{"v":1,"steward":"https://steward.example","sequence":%d,"issued":"2026-01-01T00:00:00Z","next_update":"2027-01-01T00:00:00Z","entries":[]}`, sequence)
	input := b64([]byte(`{"alg":"EdDSA","typ":"consent-trust+jwt"}`)) + "." + b64([]byte(payload))
	name := filepath.Join(t.TempDir(), "trust.jwt")
	if err := os.WriteFile(name, []byte(input+"."+b64(ed25519.Sign(key, []byte(input)))), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAnOlderListIsRefused: of a steward's lists the highest sequence is kept, and a lower one is not used after it.
func TestAnOlderListIsRefused(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	one, jwk := steward('a')
	two, other := steward('b')
	load := func(file, jwk string) (used bool, findings []report.Finding) {
		kept, err := openState()
		if err != nil {
			t.Fatal(err)
		}
		list, findings, err := loadConsentTrust(file, jwk, now, kept)
		if err != nil {
			t.Fatal(err)
		}
		if err := kept.save(); err != nil {
			t.Fatal(err)
		}
		return list != nil, findings
	}
	for _, c := range []struct {
		name, file, jwk string
		used            bool
	}{
		{"the first", signedList(t, one, 7), jwk, true},
		{"the same again", signedList(t, one, 7), jwk, true},
		{"a newer one", signedList(t, one, 9), jwk, true},
		{"an older one", signedList(t, one, 8), jwk, false},
		{"another steward's", signedList(t, two, 1), other, true},
		{"of a key that is not pinned", signedList(t, two, 100), jwk, false},
		{"the newest again", signedList(t, one, 9), jwk, true},
	} {
		used, findings := load(c.file, c.jwk)
		if used != c.used {
			t.Errorf("%s: used %v, want %v: %v", c.name, used, c.used, findings)
		}
		if c.name == "an older one" && !report.Has(findings, "consent.trust.rollback") {
			t.Errorf("%s: %v", c.name, findings)
		}
	}
}

func TestStateThatCannotBeReadIsNoState(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	key, jwk := steward('a')
	file := stateFile()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("{broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := &verifyOptions{consentTrust: signedList(t, key, 1), consentSteward: jwk}
	if trust, err := loadConsent(o, time.Now(), t.Errorf); err == nil || trust != nil {
		t.Error("a broken state is taken for an empty one")
	}
	o.noState = true
	if trust, err := loadConsent(o, time.Now(), t.Errorf); err != nil || trust.List == nil {
		t.Errorf("--no-state reads the state: %v", err)
	}
}

// bundle is a registry bundle with a sequence, by an agency's key.
func bundle(t *testing.T, key ed25519.PrivateKey, sequence int) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	input := b64([]byte(`{"alg":"EdDSA","typ":"consent-registry+jwt","kid":"k"}`)) + "." +
		b64(fmt.Appendf(nil, `{"iss":"https://agency.example","sequence":%d,"iat":1767225600,"roster":[],"orders":[],"revocations":[]}`, sequence))
	name := filepath.Join(t.TempDir(), "bundle.jwt")
	if err := os.WriteFile(name, []byte(input+"."+b64(ed25519.Sign(key, []byte(input)))+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// agencyList is a consent trust list, unsigned, that knows an agency by a key.
func agencyList(t *testing.T, jwk string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "trust.json")
	text := fmt.Sprintf(`{"v":1,"steward":"https://steward.example","sequence":1,"issued":"2026-01-01T00:00:00Z","entries":[
		{"id":"https://agency.example","roles":["agency"],"subjects":{"mode":"roster"},"keys":[{"kid":"k","jwk":%s}]}]}`, jwk)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAnOlderBundleIsRefused: of an issuer's bundles the highest sequence is kept, and a lower one is not used after
// it. Who bears the issuer's name in another list does not get in its way.
func TestAnOlderBundleIsRefused(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	key, jwk := steward('a')
	rogue, rogueJWK := steward('b')
	list, rogueList := agencyList(t, jwk), agencyList(t, rogueJWK)
	for _, c := range []struct {
		name     string
		list     string
		bundle   string
		noState  bool
		rollback bool
	}{
		{"the first", list, bundle(t, key, 7), false, false},
		{"an older one without the state", list, bundle(t, key, 6), true, false},
		{"a newer one without the state", list, bundle(t, key, 100), true, false},
		{"the same again", list, bundle(t, key, 7), false, false},
		{"somebody else of that name", rogueList, bundle(t, rogue, 999), false, false},
		{"a newer one", list, bundle(t, key, 9), false, false},
		{"an older one", list, bundle(t, key, 8), false, true},
		{"the newest again", list, bundle(t, key, 9), false, false},
	} {
		o := &verifyOptions{consentTrust: c.list, consentRegistry: []string{c.bundle}, noState: c.noState}
		said := ""
		trust, err := loadConsent(o, now, func(format string, args ...any) { said += fmt.Sprintf(format, args...) })
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(said, stateFile()) && strings.Contains(said, "--no-state"); told != c.rollback || !c.rollback && said != "" {
			t.Errorf("%s: %q does not say where the sequence is kept, and the way out", c.name, said)
		}
		j := consent.Judge(&consent.Facts{Now: now}, trust, consent.Terms{})
		if got := report.Has(j.Findings, "consent.trust.rollback"); got != c.rollback || got != (len(trust.Sequences()) == 0) || got != (len(j.RejectedLists) == 1) {
			t.Errorf("%s: rollback %v, used %v, %v", c.name, got, trust.Sequences(), j.Findings)
		}
	}
	seen, err := readSequences(stateFile())
	if err != nil || len(seen) != 2 {
		t.Errorf("%v, %v", seen, err)
	}
}

func TestStewardsAreBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	var b strings.Builder
	for i := range maxRemembered - 1 {
		fmt.Fprintf(&b, `%q:1,`, fmt.Sprint("key", i))
	}
	if err := os.WriteFile(file, []byte("{"+strings.TrimSuffix(b.String(), ",")+"}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := keepSequences(file, map[string]int64{"at the limit": 1}); err != nil {
		t.Error(err)
	}
	if err := keepSequences(file, map[string]int64{"one past it": 1}); err == nil {
		t.Error("one steward past the limit is kept")
	}
	if err := keepSequences(file, map[string]int64{"at the limit": 2}); err == nil {
		seen, err := readSequences(file)
		if err != nil || seen["at the limit"] != 2 {
			t.Errorf("%v, %v", seen["at the limit"], err)
		}
	} else {
		t.Error(err)
	}
}

func TestWithoutAStateFolderThereIsAWarning(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	key, jwk := steward('a')
	warned := 0
	o := &verifyOptions{consentTrust: signedList(t, key, 1), consentSteward: jwk}
	trust, err := loadConsent(o, time.Now(), func(string, ...any) { warned++ })
	if err != nil || trust.List == nil || warned != 1 {
		t.Errorf("%d warnings, %v", warned, err)
	}
	o.noState = true
	if _, err := loadConsent(o, time.Now(), t.Errorf); err != nil {
		t.Error(err)
	}
}

func TestTheKeptSequencesAreBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sequences.json")
	const text = `{"a":1}`
	for _, size := range []int{maxStateFile, maxStateFile + 1} {
		if err := os.WriteFile(file, []byte(text+strings.Repeat(" ", size-len(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		if seen, err := readSequences(file); (err == nil) != (size == maxStateFile) || err == nil && seen["a"] != 1 {
			t.Errorf("%d bytes: %v, %v", size, seen, err)
		}
	}
}
