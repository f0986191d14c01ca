module tare/tests/live/frozen_go

go 1.19
