package bmff

// File is the boxes of a file and what is wrong with them.
type File struct {
	Boxes    []*Box // top level, in the order of the file
	Size     int64
	Brand    FourCC   // major brand of the first ftyp or styp; 0: none
	Brands   []FourCC // compatible brands
	Problems []Problem
}
