package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Facts are everything about one file that a judgement rests on. They decode from the JSON of the conformance cases,
// and are filled from a real file by the verifier. The zero value is a file that says nothing.
type Facts struct {
	Now         time.Time `json:"now"` // validation time
	T           Time      `json:"T"`
	ClaimSigner *Signer   `json:"claimSigner"`
	Manifest    Manifest  `json:"manifest"` // active manifest
	// Assertion is the consent assertion of the active manifest, Assertions where there are several.
	Assertion   *Declaration   `json:"assertion"`
	Assertions  []*Declaration `json:"assertions,omitempty"`
	AssetSHA256 string         `json:"assetSha256"` // of the whole file, base64url without padding; empty: not computed
	Faces       *Faces         `json:"faces"`       // nil: not asked for
	Voices      *Voices        `json:"voices"`      // nil: not asked for
	Links       *Links         `json:"links"`       // nil: not asked for
	Ingredients []Ingredient   `json:"ingredients,omitempty"`
	Sidecar     string         `json:"sidecar,omitempty"`    // text of ASSET.consent.jwt; empty: none
	Labels      []string       `json:"labels,omitempty"`     // generators' labels outside C2PA
	Watermarks  []string       `json:"watermarks,omitempty"` // generators' marks that were found
	// Files are tokens at hand by URI, for tokens by reference.
	Files map[string]string `json:"files,omitempty"`
	// TokensAtHand are further tokens by the SHA-256 of their bytes (see [ByDigest]), whatever their URI.
	TokensAtHand      map[string]string `json:"tokensAtHand,omitempty"`
	LastTrustSequence *int64            `json:"lastTrustSequence,omitempty"` // highest sequence of the trust list seen before
	Metadata          Metadata          `json:"metadata,omitzero"`
	CAWG              []Identity        `json:"cawg,omitempty"` // of the active manifest
	// NotSupported says what of the file could not be checked since it is not supported yet.
	NotSupported []string `json:"notSupported,omitempty"`
	// Malformed says why the container or the manifest store could not be read to its end; empty: it could.
	Malformed string `json:"malformed,omitempty"`
	// PartlyBound says what of the content the manifest does not bind, so that it could have been exchanged; MediaUnbound
	// says so of pictures or sound. Empty: nothing is known to be unbound.
	PartlyBound  string `json:"partlyBound,omitempty"`
	MediaUnbound string `json:"mediaUnbound,omitempty"`
	// History says which manifest before the active one does not hold, and why. Empty: all hold.
	History string `json:"history,omitempty"`
}

// The states of a manifest that matter here. Anything but trusted and valid is not valid.
const (
	ManifestTrusted = "trusted"
	ManifestValid   = "valid" // intact, and the signer is on no list
	ManifestInvalid = "invalid"
	ManifestAbsent  = "absent"
)

// Manifest is what a judgement needs of a C2PA manifest.
type Manifest struct {
	Label       string       `json:"label,omitempty"`
	State       string       `json:"state"`
	Created     bool         `json:"created"` // the consent assertion is a created one; else it was gathered
	Actions     []Action     `json:"actions,omitempty"`
	HardBinding *HardBinding `json:"hardBinding,omitempty"`
	Redacted    []string     `json:"redacted,omitempty"` // redacted_assertions: JUMBF URIs
	// CAWGReferences says that a trusted identity assertion references the consent assertion.
	CAWGReferences bool `json:"cawgReferences"`
}

// Action is an action, created or gathered, templates resolved. C2PA 2.5, 16.4.1.
type Action struct {
	Action            string `json:"action"`
	DigitalSourceType string `json:"digitalSourceType,omitempty"`
	// Ingredients are the labels of the manifests that the action names; empty: it names none, or that is not known.
	Ingredients []string `json:"ingredients,omitempty"`
}

// Ingredient is an ingredient of a manifest, with everything of the manifest that it carries.
type Ingredient struct {
	Relationship      string         `json:"relationship"` // parentOf, componentOf, inputTo
	DigitalSourceType string         `json:"digitalSourceType,omitempty"`
	Manifest          Manifest       `json:"manifest"` // State empty or absent: it has none
	ClaimSigner       *Signer        `json:"claimSigner"`
	T                 Time           `json:"T"`
	Assertion         *Declaration   `json:"assertion,omitempty"`
	Assertions        []*Declaration `json:"assertions,omitempty"`
	Ingredients       []Ingredient   `json:"ingredients,omitempty"`
	CAWG              []Identity     `json:"cawg,omitempty"`
}

// Declaration is a consent assertion as it stands in a manifest.
type Declaration struct {
	Bytes []byte // content of the assertion's content box
	CBOR  bool   // else JSON
	URI   string // JUMBF URI, for findings
	// Created and Referenced say for this assertion what Manifest.Created and CAWGReferences say for all; nil: as there.
	Created, Referenced *bool
}

// UnmarshalJSON takes the assertion's JSON text as it is written.
func (d *Declaration) UnmarshalJSON(b []byte) error {
	*d = Declaration{Bytes: bytes.Clone(b)}
	return nil
}

// MarshalJSON returns the assertion's text; one in CBOR has none.
func (d Declaration) MarshalJSON() ([]byte, error) {
	if d.CBOR || len(d.Bytes) == 0 {
		return []byte("null"), nil
	}
	return json.RawMessage(d.Bytes).MarshalJSON()
}

// Faces are the face tracks that a look at the picture found.
type Faces struct {
	Status string      `json:"status"`           // analysed; anything else: it was asked for and did not work
	Reason string      `json:"reason,omitempty"` // why it did not
	Tracks []FaceTrack `json:"tracks"`
	// Partly names the entries whose regions hold a face for a part of its time, though no face is theirs.
	Partly []string `json:"partly,omitempty"`
	// Counted names the entries declared without a region: which of several faces at a time is theirs is not known.
	Counted []string `json:"counted,omitempty"`
}

// uncovered says of a track that no entry covers it. Where faces were only counted, another may be the one.
func (f *Faces) uncovered(t FaceTrack) string {
	if len(f.Counted) == 0 {
		return fmt.Sprintf("no entry covers the face of track %d%s", t.ID, t.place())
	}
	return fmt.Sprintf("there are more faces than are declared: %q is declared without a region, so that faces are counted only, and which of them is nobody's cannot be told; one of them is that of track %d%s", clip(f.Counted[0]), t.ID, t.place())
}

// FaceTrack is a face followed through time, and the entry whose regions cover it; nil: none does.
type FaceTrack struct {
	ID        int     `json:"id"`
	CoveredBy *string `json:"coveredBy"`
	// Possible says that it may be no face: a policy can waive it.
	Possible bool `json:"possible,omitempty"`
	// StartMs and EndMs are the span of presentation time; Box is where it shows best (left, top, width, height in
	// percent of the displayed picture); nil: not known.
	StartMs int64       `json:"startMs,omitempty"`
	EndMs   int64       `json:"endMs,omitempty"`
	Box     *[4]float64 `json:"box,omitempty"`
	// VideoTrack is the container's number of a further video track, which players do not show by themselves; 0: the one
	// that they show.
	VideoTrack int64 `json:"videoTrack,omitempty"`
}

// Voices are the sound tracks that somebody listened to, for speech and not for whose it is.
type Voices struct {
	Reason string       `json:"reason,omitempty"` // why nobody could listen at all; empty: somebody did
	Tracks []VoiceTrack `json:"tracks"`
}

// VoiceTrack is a sound track.
type VoiceTrack struct {
	ID     string `json:"id"`     // the container's own number, as declarations name it
	Speech bool   `json:"speech"` // some of it sounds like speech
	// Reason is why nobody could listen to it, or not to all of it; empty: somebody did.
	Reason string `json:"reason,omitempty"`
	// StartMs and EndMs are the first span that sounds like speech.
	StartMs int64 `json:"startMs,omitempty"`
	EndMs   int64 `json:"endMs,omitempty"`
}

// Metadata is what the file's metadata outside the consent assertion say of people. Consent format 1, 9.
type Metadata struct {
	Minor bool           `json:"minor,omitempty"` // an age statement says minor; it speaks for everybody in the file
	XMP   map[string]any `json:"xmp,omitempty"`   // properties by their prefixed names
	// NoTraining says that an assertion about training and mining forbids training. One that allows it says nothing here.
	NoTraining bool `json:"noTraining,omitempty"`
}

// Identity is a CAWG identity assertion. Consent format 1, 9.
type Identity struct {
	Trusted    bool     `json:"trusted"`
	Actor      *Subject `json:"actor"`
	References []string `json:"references"` // hardBinding, consent
}

func (i Identity) references(what string) bool {
	for _, r := range i.References {
		if r == what {
			return true
		}
	}
	return false
}

// declarations returns the consent assertions of a manifest in their order.
func declarations(one *Declaration, several []*Declaration) []*Declaration {
	var out []*Declaration
	for _, d := range append([]*Declaration{one}, several...) {
		if d != nil && len(d.Bytes) > 0 && !bytes.Equal(d.Bytes, []byte("null")) {
			out = append(out, d)
		}
	}
	return out
}
