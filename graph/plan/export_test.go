package plan

// SmallChunks makes everything run in chunks, until the returned function is called.
func SmallChunks() (restore func()) {
	work, cost := chunkWork, privateCost
	chunkWork, privateCost = 1, 0
	return func() { chunkWork, privateCost = work, cost }
}
