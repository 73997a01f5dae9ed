package manifest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

const labelIdentity = "cawg.identity"

// The kinds of signatures: with an X.509 credential, and a credential of an aggregator. CAWG identity 1.3, 8.
const (
	sigX509        = "cawg.x509.cose"
	sigAggregation = "cawg.identity_claims_aggregation"
)

// maxIdentities is how many identity assertions of a store are judged: each costs as much as a claim's signature, and
// real manifests have one to three.
const maxIdentities = 64

// Identity is an identity assertion of a manifest: a named actor signs for the assertions that it references, and for
// nothing else of the manifest. CAWG identity 1.3, 5.
type Identity struct {
	Assertion  *Assertion
	SigType    string
	Roles      []string     // as written
	References []*Assertion // those that are as the claim lists them
	// Signature is that of an X.509 credential; nil: it is of another kind, or was not looked at.
	Signature *signing.Result
	// Aggregation is the credential of an aggregator; nil: it is of another kind, or was not looked at.
	Aggregation *signing.Aggregation
	// WellFormed says that the assertion obeys every rule and that its signature verifies.
	WellFormed bool
	// Trusted says that the assertion obeys every rule, that its signature verifies in time, and that its signer is
	// trusted for identities.
	Trusted bool
}

// identities judges the identity assertions of every manifest that is at least well-formed, once that is known. What is
// found stands among the findings of the manifest and never changes its state. CAWG identity 1.3, 7.
func (v *validator) identities(ctx context.Context, r *Result) error {
	count := 0
	for _, m := range r.Manifests {
		if !m.Reached || m.State == Invalid {
			continue
		}
		w := v.works[v.store.Manifest(m.Label)]
		if w == nil || w.claim == nil {
			continue
		}
		for _, a := range m.AssertionsOf(labelIdentity) {
			if !a.Intact || a.Redacted {
				continue // it was redacted: anything else would have made the manifest invalid
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if count++; count > maxIdentities {
				r.NotChecked = append(r.NotChecked, report.NotChecked{What: "identity assertions", Why: fmt.Sprintf("more than the %d of a store that are judged", maxIdentities)})
				return nil
			}
			i := v.identity(w, a)
			m.Identities = append(m.Identities, i)
			if i.Aggregation != nil && i.Aggregation.Unfetched != "" {
				r.NotChecked = append(r.NotChecked, report.NotChecked{What: "identity assertions", Why: fmt.Sprintf("the DID document of %q is not at hand (--did); %q is not asked without leave to use the network (--fetch), which would tell whether the signature verifies and make nobody trusted", i.Aggregation.Issuer, i.Aggregation.Unfetched)})
			}
		}
	}
	return nil
}

// identity judges one identity assertion.
//
//	identity = { "signer_payload": $signer-payload-map, "signature": bstr, "pad1": bstr, ? "pad2": bstr }
//	signer-payload-map = { "referenced_assertions": [1* hashed-uri], "sig_type": tstr, ? "role": [1* tstr] }
//
// CAWG identity 1.3, 5. Members that other versions have (expected_partial_claim and others of 1.0 to 1.2) are ignored,
// as they stand under the signature and say nothing that is asked here.
func (v *validator) identity(w *work, a *Assertion) *Identity {
	j := &identityJudge{v: v, w: w, id: &Identity{Assertion: a}}
	t, err := v.treeOf(a)
	if err != nil {
		j.fault("cawg.identity.cbor.invalid", "%v", err)
		return j.id
	}
	payload, signature := t.Get("signer_payload"), t.Get("signature")
	sigType := payload.Get("sig_type")
	list := payload.Get("referenced_assertions")
	if payload.Kind != cbortree.Map || signature.Kind != cbortree.Bytes || !sigType.IsText() || list.Kind != cbortree.Array {
		j.fault("cawg.identity.cbor.invalid", "signer_payload with referenced_assertions and sig_type, or signature, is missing or of another type")
		return j.id
	}
	j.id.SigType = sigType.Str()
	if !j.roles(payload.Get("role")) {
		return j.id
	}
	j.pads(t)
	j.references(list)
	switch j.id.SigType {
	case sigX509:
		j.x509(payload, signature.Data)
	case sigAggregation:
		j.aggregation(payload, signature.Data)
	default:
		j.fault("cawg.identity.sig_type.unknown", "sig_type %q is not known", j.id.SigType)
	}
	return j.id
}

// identityJudge is the judgement of one identity assertion under way.
type identityJudge struct {
	v     *validator
	w     *work
	id    *Identity
	wrong bool // a rule of the assertion itself is broken
}

func (j *identityJudge) fault(code, format string, args ...any) {
	j.wrong = true
	j.w.r.add(report.Newf(code, j.id.Assertion.URI, format, args...))
}

// roles reads the roles of the actor; false: they are none. CAWG identity 1.3, 5.1.2.
func (j *identityJudge) roles(v cbortree.Value) bool {
	if v.Kind == cbortree.None {
		return true
	}
	for _, r := range v.List() {
		if !r.IsText() {
			j.fault("cawg.identity.cbor.invalid", "role holds something else than text")
			return false
		}
		j.id.Roles = append(j.id.Roles, r.Str())
	}
	if len(j.id.Roles) == 0 {
		j.fault("cawg.identity.cbor.invalid", "role is no list, or empty")
		return false
	}
	return true
}

// pads checks the filler, which could hide something. CAWG identity 1.3, 5.1.
func (j *identityJudge) pads(t cbortree.Value) {
	for _, name := range []string{"pad1", "pad2"} {
		p := t.Get(name)
		switch {
		case p.Kind == cbortree.None && name == "pad1":
			j.fault("cawg.identity.cbor.invalid", "pad1 is missing")
		case p.Kind == cbortree.None:
		case p.Kind != cbortree.Bytes:
			j.fault("cawg.identity.cbor.invalid", "%s is no byte string", name)
		case len(bytes.Trim(p.Data, "\x00")) > 0:
			j.fault("cawg.identity.pad.invalid", "%s holds something else than zeros", name)
		}
	}
}

// references holds each entry against the claim that lists the assertion: this manifest's, or that of an ingredient
// below it. Exactly the hard binding in force must be among them. Entries are compared with those that the assertions
// themselves were held against, so that two identities that name each other cannot be: each would need a digest of
// what holds its own. CAWG identity 1.3, 5.2.
func (j *identityJudge) references(list cbortree.Value) {
	var inForce *Assertion
	if m := j.v.boundOf(j.w.r); m != nil {
		inForce = m.HardBinding
	}
	seen := map[*Assertion]bool{}
	bound, other := false, false
	for i, item := range list.Items {
		h, ok := hashedURI(item)
		if !ok {
			j.fault("cawg.identity.cbor.invalid", "referenced_assertions[%d] is no hashed URI", i)
			return
		}
		a := j.listed(h)
		if a == nil {
			j.fault("cawg.identity.assertion.mismatch", "%q is not listed so in a claim", h.URL)
			other = other || hardBindings[baseLabel(lastLabel(h.URL))]
			continue
		}
		if seen[a] {
			j.fault("cawg.identity.assertion.duplicate", "%q is referenced twice", a.URI)
			return
		}
		seen[a] = true
		j.id.References = append(j.id.References, a)
		switch {
		case a == inForce:
			bound = true
		case hardBindings[a.Base] || a.Base == labelBMFFv1:
			other = true
		}
	}
	switch {
	case other:
		j.fault("cawg.identity.hard_binding_incorrect", "it references a content hash that is not the one in force")
	case !bound:
		j.fault("cawg.identity.hard_binding_missing", "it references no content hash")
	}
}

// listed returns the assertion that an entry names, if a claim lists it with the same algorithm and digest.
func (j *identityJudge) listed(h HashedURI) *Assertion {
	u, err := jumbf.ParseURI(h.URL)
	if err != nil {
		return nil
	}
	w := j.w
	if u.Absolute && len(u.Parts) > 1 && u.Parts[1] != w.m.Label {
		m := j.v.store.Manifest(u.Parts[1])
		if m == nil || !j.v.below(w)[m] {
			return nil
		}
		w = j.v.works[m]
	}
	path := pathBelow(h.URL)
	for _, ref := range w.refs {
		if ref.path == path && ref.a != nil && ref.a.Alg == first(h.Alg, j.w.claim.Alg) && bytes.Equal(ref.Hash, h.Hash) {
			return ref.a
		}
	}
	return nil
}

func lastLabel(uri string) string {
	u, err := jumbf.ParseURI(uri)
	if err != nil || len(u.Parts) == 0 {
		return ""
	}
	return u.Parts[len(u.Parts)-1]
}

// x509 judges a signature with an X.509 credential: over the bytes of the signer payload as they lie in the file.
// CAWG identity 1.3, 8.2.
func (j *identityJudge) x509(payload cbortree.Value, signature []byte) {
	r := signing.VerifyIdentity(signing.Input{
		COSE: signature, Payload: payload.Raw, URL: j.id.Assertion.URI, Now: j.v.opt.Now, Trust: j.v.opt.Trust,
		Status: j.v.status, Cut: j.v.cut, Ask: j.v.asker(j.w), Nonce: j.v.opt.Nonce,
	})
	j.id.Signature = r
	for _, f := range r.Findings {
		j.w.r.add(f)
	}
	j.w.r.Notes = append(j.w.r.Notes, r.Notes...)
	// Where responses were left unread that may say "revoked", nobody is vouched for: who puts more of them into a file
	// than are looked at must not gain by it. docs/decisions/revocation.md.
	j.conclude(r.Validated, r.Trusted && r.InsideValidity && r.Revocation.Unsettled == "")
}

// aggregation judges a credential of an identity claims aggregator. CAWG identity 1.3, 8.1.
func (j *identityJudge) aggregation(payload cbortree.Value, signature []byte) {
	get := j.v.opt.Document
	if j.wrong && get != nil { // an assertion that counts for nothing shall not choose whom we ask
		get = func(string) ([]byte, error) {
			return nil, errors.New("nothing is fetched for an assertion that does not hold")
		}
	}
	r := signing.VerifyAggregation(signing.AggregationInput{
		COSE: signature, Asset: assetJSON(payload), URL: j.id.Assertion.URI, Now: j.v.opt.Now, Trust: j.v.opt.Trust, Get: get,
	})
	if j.wrong {
		r.Unfetched = ""
	}
	j.id.Aggregation = r
	sound := r.Validated
	for _, f := range r.Findings {
		j.w.r.add(f)
		sound = sound && (f.Outcome != report.Failure || f.Code == "cawg.ica.untrusted_issuer")
	}
	j.conclude(sound, r.Valid)
}

// assetJSON is a signer payload as c2paAsset has it: byte strings in base64. CAWG identity 1.3, 8.1.
func assetJSON(v cbortree.Value) any {
	switch v.Kind {
	case cbortree.Bytes:
		return base64.StdEncoding.EncodeToString(v.Data)
	case cbortree.Array:
		out := make([]any, 0, len(v.Items))
		for _, i := range v.Items {
			out = append(out, assetJSON(i))
		}
		return out
	case cbortree.Map:
		out := map[string]any{}
		for i := 0; i+1 < len(v.Items); i += 2 {
			out[v.Items[i].Name()] = assetJSON(v.Items[i+1])
		}
		return out
	}
	return v.JSON()
}

// conclude says what the assertion is worth as a whole. CAWG identity 1.3, 7.
func (j *identityJudge) conclude(verified, trusted bool) {
	if j.wrong || !verified {
		return
	}
	j.id.WellFormed = true
	j.w.r.add(report.New("cawg.identity.well-formed", j.id.Assertion.URI, ""))
	if trusted {
		j.id.Trusted = true
		j.w.r.add(report.New("cawg.identity.trusted", j.id.Assertion.URI, ""))
	}
}
