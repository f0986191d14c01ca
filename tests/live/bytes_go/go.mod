module resident

go 1.19
