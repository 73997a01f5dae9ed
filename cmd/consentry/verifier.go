package main

import (
	"context"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/video"
)

// maxPEMFile bounds a file of anchors or certificates; the largest that is published has 285 kB.
const maxPEMFile = 8 << 20

// newVerifier turns the flags into what is verified against. Whatever a flag names is read here, once for all files.
func newVerifier(o *verifyOptions, warn func(format string, args ...any)) (*consentry.Verifier, error) {
	v := &consentry.Verifier{Time: o.at, Version: toolVersion(), Persons: personsMode(o.persons), Boxes: o.boxes, Views: o.crops != "", ManifestLabel: o.label}
	if v.Time.IsZero() {
		v.Time = time.Now() // one clock for a whole batch
	}
	var err error
	if v.Policy, err = loadPolicy(o); err != nil {
		return nil, err
	}
	v.PolicyFile = o.policyFile
	t, err := loadTrust(o, profileOf(v), warn)
	if err != nil {
		return nil, err
	}
	v.Trust, v.Products = *t, sync.OnceValues(listsInForce().Products)
	if v.Consent, err = loadConsent(o, v.Time, warn); err != nil {
		return nil, err
	}
	if v.Tokens, err = tokensAtHand(o.consentTokens); err != nil {
		return nil, ofFlag("--consent-tokens", err)
	}
	if v.Resolvers, err = parseResolvers(o.resolvers); err != nil {
		return nil, err
	}
	if o.fetch {
		if v.Policy.NoNetwork {
			return nil, &usageError{Text: "--fetch: the policy says network: off"}
		}
		hosts, err := fetchHosts(o.fetchHosts, v.Resolvers)
		if err != nil {
			return nil, err
		}
		getter := &fetch.Getter{Hosts: hosts}
		v.Fetch, v.Responders, v.Nonce = getter, getter, make([]byte, 16)
		if _, err := rand.Read(v.Nonce); err != nil {
			return nil, err
		}
	}
	v.Frames = map[string]video.Mode{"auto": video.KeyFrames, "keys": video.KeyFrames, "all": video.AllFrames, "off": video.InfoOnly}[o.frames]
	v.FramesFixed, v.Fingerprints = o.frames == "keys", o.prints == "on"
	v.Messages, v.MarkNetworks, v.Thorough = o.watermarks, o.markNetworks, o.thorough
	if v.Detectors, err = openDetectors(o.detectors); err != nil {
		return nil, err
	}
	if v.Frames != video.InfoOnly {
		v.Decoder = newDecoder()
	}
	v.Faces = facesFrom(o.faceModel, o.modelsDir)
	if o.linkPersons {
		v.LinkFaces = describersFrom(o.faceModel, o.modelsDir)
	}
	return v, nil
}

// parseResolvers reads the addresses of resolution APIs.
func parseResolvers(addresses []string) (out []*softbinding.Resolver, err error) {
	for _, a := range addresses {
		r, err := softbinding.ParseResolver(a)
		if err != nil {
			return nil, &usageError{Text: fmt.Sprintf("--resolver %q: %v", a, err), Hint: "write it like https://resolver.example/v1"}
		}
		out = append(out, r)
	}
	return out, nil
}

// fetchHosts are the hosts that may be asked where the operator names some, and those of resolvers, which the operator
// named, too.
func fetchHosts(names []string, resolvers []*softbinding.Resolver) (hosts fetch.Hosts, err error) {
	for _, n := range names {
		host, err := fetch.ParseHost(n)
		if err != nil {
			return nil, &usageError{Text: fmt.Sprintf("--fetch-host %q: %v", n, err), Hint: "write it like example.com, or .example.com for all below it, too"}
		}
		hosts = append(hosts, host)
	}
	if len(hosts) > 0 {
		for _, r := range resolvers {
			hosts = append(hosts, r.Host())
		}
	}
	return hosts, nil
}

// openDetectors reads programs of somebody else's.
func openDetectors(paths []string) (out []*detector.Program, err error) {
	for _, path := range paths {
		p, err := detector.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--detector: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// profileOf is the policy profile of a verifier.
func profileOf(v *consentry.Verifier) string {
	if v.Policy.Profile == "" {
		return policy.Default
	}
	return v.Policy.Profile
}

func personsMode(word string) consentry.PersonsMode {
	return map[string]consentry.PersonsMode{"auto": consentry.PersonsAuto, "on": consentry.PersonsOn, "fast": consentry.PersonsFast}[word]
}

// facesFrom opens a detector of faces when one is needed: that of a file of the operator's own, or the default one.
func facesFrom(model, folder string) func(context.Context) (persons.Detector, error) {
	return func(ctx context.Context) (persons.Detector, error) { return openDetector(ctx, model, folder) }
}

func loadPolicy(o *verifyOptions) (*policy.Policy, error) {
	var text []byte
	if o.policyFile != "" {
		var err error
		if text, err = readSmall(o.policyFile, policy.MaxFile); err != nil {
			return nil, err
		}
		if text == nil {
			text = []byte{} // an empty file is a file, and refused as one
		}
	}
	p, err := policy.Load(o.profile, text)
	if err != nil {
		if o.policyFile != "" {
			err = fmt.Errorf("%q: %w", o.policyFile, err)
		}
		return nil, err
	}
	return p, nil
}

// loadTrust puts the embedded lists and the files of the command line together. The lists come in the order in which
// they are tried: those that were named by file first, since whoever names one wants to see it matched.
func loadTrust(o *verifyOptions, profile string, warn func(string, ...any)) (*signing.Trust, error) {
	embedded, err := listsInForce().Lists(o.trustLists, profile)
	if err != nil {
		return nil, forgetLists(err)
	}
	ekus, err := parseOIDs(o.ekus)
	if err != nil {
		return nil, err
	}
	if len(ekus) > 0 && len(o.trust) == 0 {
		warn("--eku speaks of --trust anchors, and there are none")
	}
	t := &signing.Trust{}
	for _, kind := range []struct {
		files []string
		parse func(string, []byte) (signing.List, error)
		into  *[]signing.List
		ekus  []asn1.ObjectIdentifier
	}{
		{o.trust, signing.ParseAnchors, &t.Claim, append([]asn1.ObjectIdentifier{signing.EKUClaimSigning}, ekus...)},
		{o.allowed, signing.ParseAllowed, &t.Claim, nil},
		{o.tsaTrust, signing.ParseAnchors, &t.TSA, nil},
		{o.cawgTrust, signing.ParseAnchors, &t.Identity, nil},
		{o.cawgAllowed, signing.ParseAllowed, &t.Identity, nil},
	} {
		for _, name := range kind.files {
			text, err := readSmall(name, maxPEMFile)
			if err != nil {
				return nil, err
			}
			list, err := kind.parse(filepath.Base(name), text)
			if err != nil {
				return nil, &hintError{err, "anchors and certificates are given in PEM form"}
			}
			list.EKUs = kind.ekus
			*kind.into = append(*kind.into, list)
		}
	}
	for _, name := range o.dids {
		text, err := readSmall(name, maxPEMFile)
		if err != nil {
			return nil, err
		}
		doc, err := signing.ParseDID(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		t.DIDs = append(t.DIDs, *doc)
	}
	t.Claim = append(t.Claim, embedded.Claim...)
	t.TSA = append(t.TSA, embedded.TSA...)
	t.Identity = append(t.Identity, embedded.Identity...)
	return t, nil
}

// parseOIDs reads object identifiers in dotted form.
func parseOIDs(texts []string) ([]asn1.ObjectIdentifier, error) {
	var out []asn1.ObjectIdentifier
	for _, s := range texts {
		var oid asn1.ObjectIdentifier
		for _, arc := range strings.Split(s, ".") {
			n, err := strconv.Atoi(arc)
			if err != nil || n < 0 {
				oid = nil
				break
			}
			oid = append(oid, n)
		}
		if len(oid) < 2 {
			return nil, &usageError{Text: fmt.Sprintf("--eku %q is no object identifier", s), Hint: "write it like 1.3.6.1.5.5.7.3.4"}
		}
		out = append(out, oid)
	}
	return out, nil
}

// maxRegistryFile bounds a registry bundle. Consent format 1, 2 (Limits).
const maxRegistryFile = 32 << 20

// loadConsent reads what is trusted about consent: the trust list, status lists and registry bundles. A list that is
// refused is a finding of every report and trusts nobody.
func loadConsent(o *verifyOptions, now time.Time, warn func(string, ...any)) (*consent.Trust, error) {
	out := &consent.Trust{}
	var findings []report.Finding
	var err error
	kept := &state{}
	if !o.noState {
		if kept, err = openState(); err != nil {
			return nil, err
		}
	}
	if out.List, findings, err = loadConsentTrust(o.consentTrust, o.consentSteward, now, kept); err != nil {
		return nil, ofFlag("--consent-trust", err)
	}
	out.Findings = findings
	if out.StatusLists, err = statusLists(o.consentStatus); err != nil {
		return nil, ofFlag("--consent-status", err)
	}
	for _, name := range o.consentRegistry {
		b, err := readSmall(name, maxRegistryFile)
		if err != nil {
			return nil, ofFlag("--consent-registry", err)
		}
		text := strings.TrimSpace(string(b))
		if strings.Contains(text, "-----BEGIN ") {
			return nil, &usageError{Text: fmt.Sprintf("%q is a PEM file; --consent-registry takes bundles of standing orders", name), Hint: "consentry help registry build makes one"}
		}
		out.Registries, out.RegistryNames = append(out.Registries, text), append(out.RegistryNames, filepath.Base(name))
	}
	out.Seen = kept.registries()
	out = out.Open(now) // once for all files
	if report.Has(append(out.Refused(), findings...), "consent.trust.rollback") {
		warn("a list is older than one that was seen before; what was seen is kept in %q, and verify --no-state judges without it", kept.file)
	}
	for key, sequence := range out.Sequences() {
		kept.note(registryKey+key, sequence)
	}
	if err := kept.save(); err != nil {
		warn("the sequences of lists could not be kept: %v", err)
	}
	if !o.noState && kept.file == "" && (len(out.Registries) > 0 || o.consentSteward != "") {
		warn("no folder for the user's state (XDG_STATE_HOME): whether a list is older than one seen before cannot be told")
	}
	return out, nil
}
