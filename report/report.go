package report

import "time"

// Schema names the form of [Report] in JSON. Members are added within a version, never changed in meaning.
const Schema = "consentry.report/1"

// Verdict is the answer of a policy. The zero value is none: not judged.
type Verdict string

// The verdicts, worst first after FAIL. Exit codes: PASS, WARN, NOT_APPLICABLE 0; FAIL 1; INDETERMINATE 2.
const (
	Fail          Verdict = "FAIL"
	Indeterminate Verdict = "INDETERMINATE"
	Warn          Verdict = "WARN"
	Pass          Verdict = "PASS"
	NotApplicable Verdict = "NOT_APPLICABLE"
)

// Report is everything that a verification found, in the order of work. It marshals to consentry.report/1.
// The zero value of every state means "not checked".
type Report struct {
	Schema         string       `json:"schema"`
	Tool           Tool         `json:"tool"`
	Asset          Asset        `json:"asset"`
	ValidationTime time.Time    `json:"validationTime"`
	Policy         Policy       `json:"policy"`
	Verdict        Verdict      `json:"verdict"`
	Reasons        []Reason     `json:"reasons"` // what made the verdict, worst first
	Complete       bool         `json:"complete"`
	Provenance     Provenance   `json:"provenance"`
	Origin         Origin       `json:"origin"`
	Labels         []Label      `json:"labels"`
	Watermarks     Watermarks   `json:"watermarks"`
	People         []Person     `json:"people"`
	Works          []Person     `json:"works"`
	Decoded        *Decoded     `json:"decoded"` // null: nothing was decoded
	Persons        Persons      `json:"persons"`
	Findings       []Finding    `json:"findings"`
	NotChecked     []NotChecked `json:"notChecked"`
	Fetched        []Fetched    `json:"fetched"`          // what the network was asked for
	WhatIf         *WhatIf      `json:"whatIf,omitempty"` // the same file with other trust lists, where that was asked

	Fingerprints []Fingerprint `json:"fingerprints,omitempty"` // of the clip, where one was wanted
	LookAlikes   []LookAlike   `json:"lookAlikes,omitempty"`   // what resolvers know, where they were asked
}

// WhatIf says what the verdict would have been with other trust lists. It never changes the report's own.
type WhatIf struct {
	Lists   []string `json:"lists"` // as they were named
	Changes bool     `json:"changes"`
	Verdict Verdict  `json:"verdict"`
	Reasons []Reason `json:"reasons"`
	State   *string  `json:"state"`  // as Provenance.State
	Signer  string   `json:"signer"` // as Signer.State
	List    *string  `json:"list"`   // as Signer.List
	Time    string   `json:"time"`   // as Attested.State
	Origin  string   `json:"origin"` // as Origin.State
}

// Tool says who made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Spec    string `json:"spec"` // the specification's version, "C2PA 2.5"
}

// Asset says what was judged. SHA256 is of the whole file, in lower-case hex; it is computed where a consent declaration
// or token is bound by it, and null else: a pass over the file for a number that nothing rests on is not made.
type Asset struct {
	Name       string  `json:"name"`
	Size       int64   `json:"size"` // bytes
	SHA256     *string `json:"sha256"`
	Format     string  `json:"format"` // container by content: mp4, mov, m4a, avi, wav, …; empty: unknown
	DurationMs *int64  `json:"durationMs"`
	Tracks     []Track `json:"tracks"`
}

// Track is an elementary stream as the container declares it.
type Track struct {
	ID     int64  `json:"id"`
	Kind   string `json:"kind"`  // video, audio, text, data; picture: a still picture that goes with the asset
	Codec  string `json:"codec"` // h264, aac, …; the container's own name where it is unknown
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Bound  *bool  `json:"bound"` // inside the bound ranges; null: not checked
	Edits  []Edit `json:"edits,omitempty"`
}

// Edit is an entry of a track's edit list: what a player shows of it, in order.
type Edit struct {
	DurationMs int64   `json:"durationMs"` // 0 in a fragmented file: to the end
	MediaMs    *int64  `json:"mediaMs"`    // where in the track's media it begins; null: nothing is shown
	Rate       float64 `json:"rate"`       // 0: the picture stands still
}

// Policy says what the verdict was held against.
type Policy struct {
	Profile  string  `json:"profile"`
	File     *string `json:"file"`
	TimeBase string  `json:"timeBase"` // generation, now, both
}

// Reason is one policy event with its outcome.
type Reason struct {
	Event   string  `json:"event"` // as in a policy file's "on", e.g. signer_untrusted, revoked
	Outcome Verdict `json:"outcome"`
	Person  string  `json:"person,omitempty"`
	Text    string  `json:"text"`
}

// Provenance is what the manifest store says and what of it holds.
type Provenance struct {
	Store          *string    `json:"store"`          // present, absent, malformed; null: carrier not supported
	Carrier        *string    `json:"carrier"`        // bmff-uuid, …
	State          *string    `json:"state"`          // trusted, valid, well-formed, invalid, absent; null: not judged
	Remote         *string    `json:"remote"`         // a manifest URL that the file names; fetched only where the user allows the network and there is no other store
	Link           *string    `json:"link,omitempty"` // a manifest URL that the Link header names, where one was handed over; takes the place of Remote
	Integrity      Integrity  `json:"integrity"`
	Signer         Signer     `json:"signer"`
	Time           Attested   `json:"time"`
	Revocation     Revocation `json:"revocation"`
	ActiveManifest *string    `json:"activeManifest"`
	Manifests      []Manifest `json:"manifests"` // active first
}

// Integrity says whether the content is the one that was signed.
type Integrity struct {
	State   string   `json:"state"` // intact, altered, partial, not-bound, unknown
	Binding string   `json:"binding,omitempty"`
	Damage  []Damage `json:"damage"`
	Cause   *Cause   `json:"cause,omitempty"` // what explains the damage, where it could be proved
	// Fragments are the files of a fragmented set with each one's own result, in playback order; then what is missing
	// without a name. Past 10,000 those that are intact are left out.
	Fragments []Fragment `json:"fragments,omitempty"`
}

// Fragment is one file of a fragmented set.
type Fragment struct {
	Name      string `json:"name"` // empty: it is missing, and nothing names it
	Rendition string `json:"rendition,omitempty"`
	Init      bool   `json:"init,omitempty"` // an initialization segment
	State     string `json:"state"`          // intact, altered, missing, added (bound by nothing), unknown (nobody can judge it)
	Why       string `json:"why,omitempty"`
	Location  *int64 `json:"location"` // place in playback order, from 0; null: not known
}

// Damage is a part of the file that is not what was signed, as closely as it can be told.
type Damage struct {
	Where  string `json:"where"`
	Offset int64  `json:"offset"` // bytes
	Length int64  `json:"length"` // bytes
	// Shown says which tracks the range holds media data of, and when that is shown; empty: none, or it is not known.
	Shown []Shown `json:"shown,omitempty"`
}

// Shown is a span of time in which a track shows something, from the beginning of the presentation.
type Shown struct {
	Track   int64 `json:"track"`
	StartMs int64 `json:"startMs"`
	EndMs   int64 `json:"endMs"`
}

// Cause is the change that explains a content hash which differs: undone, the hash matches. The file is not what was
// signed all the same.
type Cause struct {
	Kind        string `json:"kind"`            // bytes-appended, box-inserted, box-moved, box-changed, box-missing, bytes-missing, end-missing, metadata-added, metadata-changed, padding-changed, moov-moved
	Where       string `json:"where,omitempty"` // the box
	Offset      int64  `json:"offset"`          // bytes
	Length      int64  `json:"length"`          // bytes
	Explanation string `json:"explanation"`
}

// Signer says who signed the active manifest. Subject and Issuer are unverified unless State is trusted.
type Signer struct {
	State    string  `json:"state"` // trusted, untrusted, invalid, none, not-checked
	Subject  *string `json:"subject"`
	Issuer   *string `json:"issuer"`
	List     *string `json:"list"`
	ListDate *string `json:"listDate"`
	// ListDigest is the SHA-256 of the list as it was embedded or given, in lower-case hex.
	ListDigest *string `json:"listDigest"`
	ListSource *string `json:"listSource"` // embedded, updated; null: a file of the command line
	// Product is the generator that the certificate was given to, by the list of conforming products: name and
	// organisation. ProductRecord is its record there, or the one that the certificate names; ProductStatus its standing.
	Product       *string `json:"product"`
	ProductRecord *string `json:"productRecord"`
	ProductStatus *string `json:"productStatus"`
}

// Attested says when the claim signature existed at the latest.
type Attested struct {
	State     string     `json:"state"` // attested, claimed, none, not-checked
	At        *time.Time `json:"at"`
	Source    *string    `json:"source"` // sigTst, sigTst2, iat, action
	Authority *string    `json:"authority"`
	List      *string    `json:"list"`
}

// Revocation says whether the signing certificate was revoked.
type Revocation struct {
	State     string     `json:"state"`     // good, revoked, unknown, not-checked
	Source    *string    `json:"source"`    // rVals (stapled), c2pa.certificate-status, online; null: no answer counted
	Responder *string    `json:"responder"` // who answered
	At        *time.Time `json:"at"`        // as of when
	RevokedAt *time.Time `json:"revokedAt"`
	Reason    *string    `json:"reason"` // of the revocation, as RFC 5280 names it
}

// Manifest is one manifest of the store with the status codes of its validation.
type Manifest struct {
	Label         string       `json:"label"`
	ClaimVersion  int          `json:"claimVersion"`
	Generator     string       `json:"generator"`
	Title         string       `json:"title,omitempty"`
	State         string       `json:"state"` // as Provenance.State
	Signer        *string      `json:"signer"`
	Success       []Finding    `json:"success"`
	Informational []Finding    `json:"informational"`
	Failure       []Finding    `json:"failure"`
	Actions       []Action     `json:"actions"`
	Ingredients   []Ingredient `json:"ingredients"`
	Redactions    []Redaction  `json:"redactions,omitempty"`
	Identities    []Identity   `json:"identities"` // null: the manifest does not hold, and none was judged
}

// Redaction is an assertion of another manifest that a manifest says it took out. C2PA 2.5, 8.8.
type Redaction struct {
	Label    string `json:"label"`    // of the assertion
	Manifest string `json:"manifest"` // label of the manifest that it was in
	Reason   string `json:"reason,omitempty"`
}

// Identity is an identity assertion: somebody signs for the assertions that it references and for nothing else of the
// manifest. Its words are the file's and unverified unless State is trusted. CAWG identity 1.3.
type Identity struct {
	Label      string     `json:"label"`
	Type       string     `json:"type"`       // cawg.x509.cose, cawg.identity_claims_aggregation, or what the file says
	State      string     `json:"state"`      // trusted, well-formed, invalid
	Roles      []string   `json:"roles"`      // as the file says
	References []string   `json:"references"` // JUMBF URIs of the assertions that it vouches for
	Subject    *string    `json:"subject"`    // of the certificate, or the DID of the actor
	Issuer     *string    `json:"issuer"`     // of the certificate, or the DID of the aggregator
	List       *string    `json:"list"`       // that has the certificate's anchor; null: none, or an aggregator
	At         *time.Time `json:"at"`         // of a trusted time-stamp
	Verified   []Verified `json:"verified"`   // what an aggregator verified about the actor
}

// Verified is an identity that an aggregator verified. Members that it leaves out are empty. CAWG identity 1.3, 8.1.
type Verified struct {
	Type       string    `json:"type"`
	Name       string    `json:"name,omitempty"`
	Username   string    `json:"username,omitempty"`
	Address    string    `json:"address,omitempty"`
	URI        string    `json:"uri,omitempty"`
	Method     string    `json:"method,omitempty"`
	Provider   string    `json:"provider,omitempty"` // its name, else its identifier
	VerifiedAt time.Time `json:"verifiedAt"`
}

// Action is one step of the history that a manifest tells.
type Action struct {
	Action            string  `json:"action"`
	When              *string `json:"when,omitempty"`
	DigitalSourceType string  `json:"digitalSourceType,omitempty"`
	SoftwareAgent     string  `json:"softwareAgent,omitempty"`
	Description       string  `json:"description,omitempty"`
	List              string  `json:"list"` // created, gathered
}

// Ingredient is an ingredient as a manifest tells it: what was recorded when it was ingested, and what holds now.
type Ingredient struct {
	Label        string  `json:"label"` // of the assertion
	Title        string  `json:"title,omitempty"`
	Relationship string  `json:"relationship"`
	Manifest     *string `json:"manifest"` // label of its active manifest; null: none
	Recorded     string  `json:"recorded"` // trusted, valid, invalid, none
	Now          string  `json:"now"`      // trusted, valid, well-formed, invalid, none
}

// Origin says where the picture comes from.
type Origin struct {
	State    string    `json:"state"` // generated, partly-generated, captured, unknown, contradicted
	Basis    string    `json:"basis"` // manifest, declaration, label, mark, none
	Verified bool      `json:"verified"`
	Because  []Because `json:"because"`
}

// Because is a statement that the origin rests on.
type Because struct {
	Manifest          string `json:"manifest,omitempty"`
	Action            string `json:"action,omitempty"`
	DigitalSourceType string `json:"digitalSourceType,omitempty"`
	Label             string `json:"label,omitempty"`
	Mark              string `json:"mark,omitempty"`
}

// Decoded says how much of the picture was decoded.
type Decoded struct {
	All       bool    `json:"all"` // all frames, else key frames only
	Frames    int64   `json:"frames"`
	KeyFrames int64   `json:"keyFrames"`
	BrokenMs  *int64  `json:"brokenMs"` // presentation time near which the stream breaks; null: read to the end
	Broken    *string `json:"broken"`

	Confinement Confinement `json:"confinement"`
}

// Confinement says what held the decoder, whose C code reads untrusted files.
type Confinement struct {
	Process  bool     `json:"process"`  // a process of its own, with limits of memory and time
	Network  bool     `json:"network"`  // without a network
	Files    bool     `json:"files"`    // without files
	Syscalls bool     `json:"syscalls"` // with an allow-list of system calls
	Missing  []string `json:"missing"`  // what the system did not grant, and why
}

// Person is a depicted person (or a work) with the judgement of the consent declared for it.
type Person struct {
	ID           string    `json:"id"`
	Source       string    `json:"source"` // JUMBF URI of the assertion that names the person
	Manifest     string    `json:"manifest,omitempty"`
	Kind         string    `json:"kind"`
	Rendering    string    `json:"rendering"`
	Modality     []string  `json:"modality"`
	State        string    `json:"state"` // for the policy's time base
	AtGeneration string    `json:"atGeneration"`
	Now          string    `json:"now"`
	Level        string    `json:"level"`   // E0–E5
	Binding      string    `json:"binding"` // B0–B5
	Tokens       []Token   `json:"tokens"`
	Seen         []Span    `json:"seen"`
	Findings     []Finding `json:"findings"`
}

// Token is one token as it was judged for one person. Its members are unverified unless State is valid.
type Token struct {
	Index     int       `json:"index"`
	Iss       string    `json:"iss"`
	Jti       string    `json:"jti"`
	Type      string    `json:"type"`
	State     string    `json:"state"` // valid, or the worst failure's person state
	Level     string    `json:"level"`
	Operation []string  `json:"operation,omitempty"`
	Modality  []string  `json:"modality,omitempty"`
	Findings  []Finding `json:"findings"`
}

// Span is a span of presentation time, start inclusive, end exclusive, in milliseconds.
type Span struct {
	StartMs int64 `json:"startMs"`
	EndMs   int64 `json:"endMs"`
}

// Fetched is one thing that the network was asked for. Nothing is fetched unless the user allows it for a run.
type Fetched struct {
	URL     string  `json:"url"`
	Purpose string  `json:"purpose"`         // token, status-list, ocsp, manifest, did, resolver, look-alike
	Final   string  `json:"final,omitempty"` // the address that answered, after redirects, where it is another
	Status  int     `json:"status"`          // of HTTP; 0: no answer
	Bytes   int64   `json:"bytes"`
	SHA256  *string `json:"sha256"` // of the body, in lower-case hex; null: none was taken
	Error   *string `json:"error"`  // why it was not taken; null: it was
}

// NotChecked is something that was not checked, and why.
type NotChecked struct {
	What string `json:"what"`
	Why  string `json:"why"`
}
