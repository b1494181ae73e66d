//! The parts the pages are made of, one in a file.

pub mod account_form;
pub mod app_header;
pub mod callback_row;
pub mod callback_table;
pub mod compare;
pub mod copy_button;
pub mod detail;
pub mod detail_window;
pub mod diagnosis;
pub mod each;
pub mod empty_desk;
pub mod evidence;
pub mod filters;
pub mod icon;
pub mod json_tree;
pub mod list_settings;
pub mod notice_centre;
pub mod palette;
pub mod payload_view;
pub mod time_ago;
pub mod toast_list;
pub mod toolbar;
pub mod verdict;
pub mod virtual_rows;
pub mod warning_banner;
pub mod window_menu;
