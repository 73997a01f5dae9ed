package consent

import (
	"time"

	"github.com/consentry/consentry/report"
)

// Subject names a person or a work, openly or as a commitment. Consent format 1, 2 (subject-map).
type Subject struct {
	Scheme string `json:"scheme,omitempty"`
	ID     string `json:"id,omitempty"`
	Commit string `json:"commit,omitempty"` // base64url without padding
}

// Signer is what is known of the key that signed the claim (or the sidecar). Digests are base64url without padding.
type Signer struct {
	DN   map[string]string `json:"dn"`       // members of the certificate's subject, by short name
	X5T  string            `json:"x5t#S256"` // SHA-256 of the certificate
	SPKI string            `json:"spki#S256"`
	JKT  string            `json:"jkt"` // RFC 7638
	// Trusted says that the chain ends in a trusted anchor. Anyone can write a name into a certificate of their own,
	// so DN counts only then.
	Trusted bool `json:"-"`
}

// Time is the time of generation and how well it is known. Consent format 1, 5.
type Time struct {
	At   time.Time `json:"time"` // zero for T0: the validation time is used
	Kind string    `json:"kind"` // T2, T1, T0
}

// Generation is the declaration of how the content was made. Consent format 1, 2 (generation-map).
type Generation struct {
	Provider  string   `json:"provider"`
	Product   string   `json:"product,omitempty"`
	Model     string   `json:"model,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	Purpose   []string `json:"purpose,omitempty"`
	Territory []string `json:"territory,omitempty"`
	Channel   []string `json:"channel,omitempty"`
	Works     []string `json:"works,omitempty"`
	Content   []string `json:"content,omitempty"`
	PromptS   string   `json:"prompt_s256,omitempty"`
}

// Use is the use that a policy says is intended; it is judged beside the declared one. Consent format 1, 8.
type Use struct {
	Purpose   []string `json:"purpose,omitempty" yaml:"purpose"`
	Territory []string `json:"territory,omitempty" yaml:"territory"`
	Channel   []string `json:"channel,omitempty" yaml:"channel"`
	Works     []string `json:"works,omitempty" yaml:"works"`
	Operation []string `json:"operation,omitempty" yaml:"operation"`
}

// HardBinding is the hard-binding assertion of the manifest that carries the declaration.
type HardBinding struct {
	Label  string `json:"label"`
	SHA256 string `json:"sha256"` // of its content box payload, base64url without padding
}

// How a missing or stale status counts. Consent format 1, 6.
const (
	StatusRequire = "require" // the person is unresolved
	StatusCap     = "cap"     // E3 at most
	StatusIgnore  = "ignore"
)

// entry is the part of a person's or a work's entry that a token is held against.
type entry struct {
	id        string
	work      bool
	kind      string // of the person; empty for a work
	rendering string
	modality  []string
	subject   *Subject
	minor     bool     // the file says so, in the entry or in its metadata
	regions   []string // identifiers of the entry's regions; "" where a region has none
}

// checker holds what all tokens of one manifest share. One checker judges one manifest, in one goroutine.
type checker struct {
	now          time.Time
	t            Time
	signer       *Signer // nil: nobody signed
	generation   *Generation
	use          Use // the policy's
	hardBinding  *HardBinding
	assetSHA256  string // of the whole file, base64url without padding
	trust        *TrustList
	status       *statusLists
	statusPolicy string   // StatusRequire, StatusCap, StatusIgnore
	require      []string // members of `consent` that the policy asks for
	noTraining   bool     // the file's own assertions forbid training
	standalone   bool     // there is no file: what binds a token to one is not judged
	// roster says whether the issuer's verified roster holds the subject at a time; nil: no roster is at hand.
	roster func(issuer string, s openSubject, at time.Time) bool
	// revocation finds an event of a verified registry bundle of the issuer; nil: none is at hand.
	revocation func(issuer, jti string) *revocation

	read        map[string]*reading // by text: a token is read once, however many entries name it
	clash       map[string]bool     // texts of tokens whose jti another token of their issuer has, too
	measured    map[*Scope]*measured
	spare       []report.Finding // room for findings
	tokens      int              // that room was made for
	providerIDs []string         // of the entries that name the claim signer
	matched     bool             // providerIDs was looked up
}

// revocation is an event of a registry bundle. Consent format 1, 6.
type revocation struct {
	at      time.Time
	suspend bool // effect suspend; else revoke
}

// tokenInput is one token as an assertion carries it, and the entry that names it.
type tokenInput struct {
	raw     string // compact JWS or SD-JWT
	stapled string // a status list token beside it; empty: none
	entry   *entry // nil: nobody names the token; only what depends on no entry is judged
}

// tokenResult is what one token is worth for one entry.
type tokenResult struct {
	token    *Token           // nil: the token cannot be read
	verified bool             // form, issuer, key and signature hold: the members are the issuer's words
	findings []report.Finding // in the order of the checks, successes included
	binding  string           // B0 to B5; of the token's form and match, whatever else failed
	// provider is the id of the provider entry that matched the claim signer; empty: none.
	provider     string
	role         string // of the authority that stands behind the token: its own role, or that of the chain's root
	direct       bool   // signed by that authority itself, without a delegate
	opened       *openSubject
	atGeneration outcome
	atNow        outcome
}

// outcome is a token's worth at one of the two clocks.
type outcome struct {
	failures   []string // codes, in the order of the checks; empty: it holds
	unresolved bool     // its status must be known, and is not
	level      string   // E2 to E5; E2 where it fails, E0 for a refusal, which is worth nothing to anybody who needs consent
	refusal    bool     // a refusal that is in force and meets the declared use

	capped bool // E3 at most
}
