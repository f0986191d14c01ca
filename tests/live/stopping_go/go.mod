module tare/tests/live/stopping_go

go 1.19
