package signing

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/consentry/consentry/report"
)

// AggregationInput is the signature of an identity assertion that is a credential of an identity claims aggregator.
type AggregationInput struct {
	COSE  []byte    // COSE_Sign1_Tagged with the credential attached
	Asset any       // the signer payload as JSON has it: byte strings in base64, integers as json.Number
	URL   string    // of the identity assertion, for the findings
	Now   time.Time // the clock
	Trust *Trust    // nil trusts nobody
	// Get gets a DID document that is not among Trust.DIDs, of [MaxDIDDocument] bytes at the most, by the https address
	// that a did:web stands for; nil: nothing is fetched.
	Get func(address string) ([]byte, error)
}

// Aggregation is what such a credential is worth. Its words are the aggregator's and count only where Valid.
type Aggregation struct {
	Findings  []report.Finding
	Issuer    string     // DID; empty: none that can be read
	Subject   string     // DID of the actor, in credentialSubject.id; empty: none
	Verified  []Verified // what the aggregator verified about the actor
	Validated bool       // the signature verifies by a key of the issuer
	// Valid says that the signature verifies, that the issuer is trusted, and that nothing is wrong with the credential.
	Valid bool
	Stamp *Stamp // as in Result
	// Unfetched is the address of the issuer's document where only that there is no Get kept it from being asked for.
	Unfetched string
}

// Verified is an identity that an aggregator verified. CAWG identity 1.3, 8.1.
type Verified struct {
	Type, Name, Username, Address, URI, Method string
	VerifiedAt                                 time.Time
	ProviderID, ProviderName                   string
}

// maxVerified is how many verified identities a credential may have: people link five to ten accounts.
const maxVerified = 256

// Contexts and types of credentials. W3C VC Data Model 2.0 and 1.1, 4; CAWG identity 1.3, 8.1.
const (
	contextVC2      = "https://www.w3.org/ns/credentials/v2"
	contextVC1      = "https://www.w3.org/2018/credentials/v1"
	typeCredential  = "VerifiableCredential"
	typeAggregation = "IdentityClaimsAggregationCredential"
)

const labelContentType = 3

// aggregationAlgorithms are those that an aggregator may sign with. CAWG identity 1.3, 8.1.
var aggregationAlgorithms = []int64{-7, -35, -36, -37, -38, -39, -8}

// aggregationUse names what is found about the time-stamp, the one step that is shared with claims.
var aggregationUse = use{
	name: "identity", signs: "the credential",
	codes: map[string]string{
		"timeStamp.trusted": "", "timeStamp.validated": "cawg.ica.time_stamp.validated", "timeStamp.malformed": badICAStamp,
		"timeStamp.mismatch": badICAStamp, "timeStamp.untrusted": badICAStamp, "timeStamp.outsideValidity": badICAStamp,
		"timeStamp.credentialInvalid": badICAStamp,
	},
}

const badICAStamp = "cawg.ica.time_stamp.invalid"

// aggregation is the state of one call of VerifyAggregation.
type aggregation struct {
	in    AggregationInput
	out   *Aggregation
	sign1 *sign1
	alg   algorithm
	vc    credential
	at    time.Time // a trusted time-stamp, else now
	wrong bool      // something failed
	open  bool      // something could not be checked
}

// VerifyAggregation judges the signature of an identity assertion that is a verifiable credential of an identity claims
// aggregator. It never fails. Documents of did:web are those of [Trust.DIDs], else what Get gets, which makes nobody
// trusted. Every check is made, so that one failure does not hide another. CAWG identity 1.3, 8.1.
func VerifyAggregation(in AggregationInput) *Aggregation {
	a := &aggregation{in: in, out: &Aggregation{}, at: in.Now}
	if a.in.Trust == nil {
		a.in.Trust = &Trust{}
	}
	if !a.read() {
		return a.out
	}
	a.stamp()
	a.period()
	a.asset()
	a.verified()
	a.signature() // last, as it may ask the network
	if a.vc.Status != nil {
		a.open = true
		a.say("cawg.ica.revocation.unsupported", "the credential names a status, which is not looked up")
	}
	if !a.wrong && !a.open {
		a.out.Valid = true
		a.say("cawg.ica.credential_valid", "by %q", a.out.Issuer)
	}
	return a.out
}

func (a *aggregation) say(code, format string, args ...any) {
	f := report.Newf(code, a.in.URL, format, args...)
	a.wrong = a.wrong || f.Outcome == report.Failure
	a.out.Findings = append(a.out.Findings, f)
}

// read parses message and credential; false: there is nothing more to say.
func (a *aggregation) read() bool {
	s, err := parseSign1(a.in.COSE)
	if err == nil {
		err = s.critical()
	}
	if err == nil && s.detached {
		err = errors.New("the credential is not attached")
	}
	if err != nil {
		a.say("cawg.ica.invalid_cose_sign1", "%v", err)
		return false
	}
	a.sign1 = s
	n, ok, said := s.alg()
	switch {
	case !ok:
		a.say("cawg.ica.invalid_alg", "%s", said)
	case !slices.Contains(aggregationAlgorithms, n):
		a.say("cawg.ica.invalid_alg", "COSE algorithm %d is not allowed", n)
	default:
		a.alg = algorithms[n]
	}
	var contentType string
	raw := s.protected[int64(labelContentType)]
	if strictCBOR.Unmarshal(raw, &contentType) != nil || contentType != "application/vc" {
		a.say("cawg.ica.invalid_content_type", "the content type is not application/vc")
	}
	if err := a.vc.parse(s.payload); err != nil {
		a.say("cawg.ica.invalid_verifiable_credential", "%v", err)
		return false
	}
	a.out.Issuer, a.out.Subject = a.vc.issuer, a.vc.Subject.ID
	return true
}

// stamp finds a trusted time, as for an X.509 credential: of version 2 alone.
func (a *aggregation) stamp() {
	v := &verification{in: Input{URL: a.in.URL, Now: a.in.Now}, use: &aggregationUse, trust: a.in.Trust, sign1: a.sign1, r: &Result{At: a.in.Now}}
	v.stamps()
	a.out.Findings = append(a.out.Findings, v.r.Findings...) // informational, or good
	a.out.Stamp, a.at = v.r.Stamp, v.r.At
}

// signature verifies by the keys of the issuer's document. CAWG identity 1.3, 8.1.
func (a *aggregation) signature() {
	doc := a.document()
	if doc == nil {
		return
	}
	if len(doc.keys) == 0 {
		a.say("cawg.ica.invalid_did_document", "%v", errNoKeys)
		return
	}
	if a.alg.name == "" {
		return // said above
	}
	message := toBeSigned("Signature1", a.sign1.rawProtected, a.sign1.payload)
	for _, k := range doc.keys {
		if a.alg.verify(k, message, a.sign1.signature) == nil {
			a.out.Validated = true
			return
		}
	}
	a.say("cawg.ica.signature_mismatch", "the signature is not one over the credential by a key of %q", a.out.Issuer)
}

// document finds the issuer's document, and says whether the issuer is trusted: the document is at hand. A DID that is
// its own key can be made by anybody, as can a document on a server.
func (a *aggregation) document() *DIDDocument {
	did := a.out.Issuer
	for i := range a.in.Trust.DIDs {
		if a.in.Trust.DIDs[i].ID == did {
			return &a.in.Trust.DIDs[i]
		}
	}
	switch {
	case !strings.HasPrefix(did, "did:"):
		a.say("cawg.ica.invalid_issuer", "the issuer is no DID")
	case strings.HasPrefix(did, didWebPrefix):
		return a.fetched(did)
	case strings.HasPrefix(did, "did:jwk:"):
		a.say("cawg.ica.untrusted_issuer", "nobody named the issuer as trusted")
		doc, err := didJWK(did)
		if err != nil {
			a.say("cawg.ica.invalid_did_document", "%v", err)
			return nil
		}
		return doc
	default:
		a.say("cawg.ica.did_unsupported_method", "the issuer's DID has a method that is not supported")
	}
	return nil
}

// period holds the credential's validity against the time. W3C VC Data Model 2.0, 4.9; 1.1, 4.6.
func (a *aggregation) period() {
	from, until := a.vc.ValidFrom, a.vc.ValidUntil
	if a.vc.version == 1 {
		from, until = a.vc.IssuanceDate, a.vc.ExpirationDate
	}
	if from == "" {
		a.say("cawg.ica.valid_from.missing", "the credential does not say from when it is valid")
	} else if t, err := time.Parse(time.RFC3339, from); err != nil || t.After(a.at) {
		a.say("cawg.ica.valid_from.invalid", "the credential is valid from %q, and the time is %s", from, stampTime(a.at))
	}
	if until == "" {
		return
	}
	if t, err := time.Parse(time.RFC3339, until); err != nil || t.Before(a.at) {
		a.say("cawg.ica.valid_until.invalid", "the credential is valid until %q, and the time is %s", until, stampTime(a.at))
	}
}

// asset holds what the credential was made for against the signer payload: otherwise it could be moved to another file.
func (a *aggregation) asset() {
	var got any
	d := json.NewDecoder(bytes.NewReader(a.vc.Subject.Asset))
	d.UseNumber()
	if len(a.vc.Subject.Asset) == 0 || d.Decode(&got) != nil || !reflect.DeepEqual(got, a.in.Asset) {
		a.say("cawg.ica.signer_payload.mismatch", "c2paAsset is not the signer payload")
	}
}

// verified reads what the aggregator verified.
func (a *aggregation) verified() {
	if len(a.vc.Subject.Identities) == 0 {
		a.say("cawg.ica.verified_identities.missing", "the credential has no verifiedIdentities")
		return
	}
	if len(a.vc.Subject.Identities) > maxVerified {
		a.say("cawg.ica.verified_identities.invalid", "more than %d verified identities", maxVerified)
		return
	}
	for i, v := range a.vc.Subject.Identities {
		at, err := time.Parse(time.RFC3339, v.VerifiedAt)
		switch {
		case v.Type == "", v.Provider.ID == "", v.Provider.Name == "", !v.complete():
			a.say("cawg.ica.verified_identities.invalid", "verifiedIdentities[%d] lacks a member that it needs", i)
		case err != nil || at.After(a.at):
			a.say("cawg.ica.verified_identities.invalid", "verifiedIdentities[%d] was verified at no time that has passed", i)
		default:
			a.out.Verified = append(a.out.Verified, Verified{
				Type: v.Type, Name: v.Name, Username: v.Username, Address: v.Address, URI: v.URI, Method: v.Method,
				VerifiedAt: at.UTC(), ProviderID: v.Provider.ID, ProviderName: v.Provider.Name,
			})
		}
	}
}

// credential is a verifiable credential as far as it is read.
type credential struct {
	Context        []string        `json:"@context"`
	Type           []string        `json:"type"`
	Issuer         json.RawMessage `json:"issuer"`
	ValidFrom      string          `json:"validFrom"`
	ValidUntil     string          `json:"validUntil"`
	IssuanceDate   string          `json:"issuanceDate"`
	ExpirationDate string          `json:"expirationDate"`
	Status         json.RawMessage `json:"credentialStatus"`
	Subject        struct {
		ID         string             `json:"id"`
		Identities []verifiedIdentity `json:"verifiedIdentities"`
		Asset      json.RawMessage    `json:"c2paAsset"`
	} `json:"credentialSubject"`

	version int // of the data model: 1 or 2
	issuer  string
}

type verifiedIdentity struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Username   string `json:"username"`
	Address    string `json:"address"`
	URI        string `json:"uri"`
	Method     string `json:"method"`
	VerifiedAt string `json:"verifiedAt"`
	Provider   struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"provider"`
}

// complete reports whether an identity of a known type has the member that says who it is. An affiliation is said by
// its provider. CAWG identity 1.3, 8.1.2.
func (v verifiedIdentity) complete() bool {
	switch v.Type {
	case "cawg.document_verification":
		return v.Name != ""
	case "cawg.web_site":
		return v.URI != ""
	case "cawg.social_media":
		return v.Username != ""
	case "cawg.crypto_wallet":
		return v.Address != ""
	}
	return true
}

// parse reads the credential. A member that is there twice could be read in two ways, and makes it none.
func (c *credential) parse(data []byte) error {
	if err := eachOnce(data, "credential"); err != nil {
		return err
	}
	if err := json.Unmarshal(data, c); err != nil {
		return errors.New("the credential is not the JSON that is wanted: " + err.Error())
	}
	switch {
	case len(c.Context) > 0 && c.Context[0] == contextVC2:
		c.version = 2
	case len(c.Context) > 0 && c.Context[0] == contextVC1:
		c.version = 1
	default:
		return errors.New("its first context is none of credentials")
	}
	if !slices.Contains(c.Type, typeCredential) || !slices.Contains(c.Type, typeAggregation) {
		return errors.New("its type is not " + typeAggregation)
	}
	var issuer struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(c.Issuer, &c.issuer) != nil && json.Unmarshal(c.Issuer, &issuer) == nil {
		c.issuer = issuer.ID
	}
	return nil
}

// maxJSONDepth is how deep arrays and objects of a credential or a DID document may nest; their own structures need 5.
const maxJSONDepth = 16

// eachOnce refuses JSON with a member twice in one object, folded to one case as encoding/json matches names, or nested
// too deep, or followed by more.
func eachOnce(data []byte, what string) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := objectOnce(d, what, 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the " + what)
	}
	return nil
}

func objectOnce(d *json.Decoder, what string, depth int) error {
	t, err := d.Token()
	if err != nil {
		return errors.New("the " + what + " is no JSON")
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxJSONDepth {
		return errors.New("the " + what + " is nested too deep")
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return errors.New("the " + what + " is no JSON")
			}
			key := strings.ToLower(name.(string))
			if seen[key] {
				return errors.New("a member of the " + what + " is there twice")
			}
			seen[key] = true
		}
		if err := objectOnce(d, what, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errors.New("the " + what + " is no JSON")
	}
	return nil
}
