package report

// Links says how alike the faces of a file are among themselves, where that was asked for. It says nothing of whose they
// are, it is a hint for people to look at, and no template and no distance is in it.
type Links struct {
	Status string      `json:"status"` // analysed, partial, not-analysed
	Reason *string     `json:"reason"`
	Models []FaceModel `json:"models,omitempty"` // what looked at the faces once more
	// PersonsMin and PersonsMax are how many people the tracks are of: with all tracks taken for one person that may be, and
	// with those only that are very alike. Both are estimates; null: nothing was compared.
	PersonsMin *int `json:"personsMin"`
	PersonsMax *int `json:"personsMax"`
	Compared   int  `json:"compared"` // tracks
	// NotCompared are tracks that show no face that can be compared: too small, turned away, covered. Where the status is
	// partial, also those that did not come when the video was decoded again.
	NotCompared []int `json:"notCompared"`
	// Alike are groups of tracks that are probably of one person.
	Alike [][]int `json:"alike"`
	// TokenCoversDifferentFaces are entries for one person whose tracks show faces that are not alike.
	TokenCoversDifferentFaces []DifferentFaces `json:"tokenCoversDifferentFaces"`
	// IdentityDrift are tracks that end with another face than they begin with.
	IdentityDrift []int `json:"identityDrift"`
	// AlikeCovered are undeclared tracks that are alike one that an entry covers. That covers none of them.
	AlikeCovered []AlikeCovered `json:"alikeCovered"`
}

// DifferentFaces is an entry whose tracks show different faces.
type DifferentFaces struct {
	Person string `json:"person"`
	Tracks []int  `json:"tracks"`
}

// AlikeCovered is a track that nobody declares, and one that an entry covers and that is alike.
type AlikeCovered struct {
	Track  int    `json:"track"`
	Alike  int    `json:"alike"`
	Person string `json:"person"`
}
